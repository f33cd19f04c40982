import type { Signature } from '../signature/tensor.js';
import { type SessionMetadata, signatureOf } from './model-signature.js';
import { OnnxModel } from './onnx-model.js';
import { tensorOutputsOf } from './tensor-outputs.js';
import { localeEdits } from './text-locale.js';

/** A model as ONNX Runtime gets it. */
export interface PreparedModel {
  /** The file, or a changed copy of it. */
  readonly bytes: Buffer;
  /** The signature of the loaded model. @throws Error with a message for the operator */
  signatureOf(session: SessionMetadata): Signature;
}

/** Changes what could not be served otherwise, without a change of any value. @throws NotOnnxError */
export function prepareModel(file: Buffer): PreparedModel {
  const model = new OnnxModel(file);
  const converted = tensorOutputsOf(model);
  const nodes = new Map([...localeEdits(model), ...converted.nodes]);
  return {
    bytes: nodes.size > 0 ? model.edited({ ...converted, nodes }) : file,
    signatureOf: (session) => signatureOf(session, model, converted),
  };
}
