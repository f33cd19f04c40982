export { AnyQuery } from './body/any-query.decorator.js';
export { bearerTokenOf } from './bearer-token.js';
export { AcceptsBody, MULTIPART, ROW_TYPES } from './body/body.decorators.js';
export { collect, streamOf } from './body/body-stream.js';
export { type ImageType, imageTypeOf, mayBeImage } from './body/image-files.js';
export { adviceOnNaN, parseExactJson, parseJsonExactly, stringifyExactJson } from './body/json.js';
export { missingFile, unknownField } from './body/form-errors.js';
export { MAX_FORM_FILES } from './body/multipart.js';
export { openUpload, type Upload, type UploadPart } from './body/open-upload.js';
export { parseForm } from './body/parse-form.js';
export { mediaTypeOf } from './body/media-type.js';
export { type UploadedFile, UploadedFiles } from './body/uploaded-files.js';
export { configureHttp, type ServerHooks } from './configure-http.js';
export { SameOriginFormGuard } from './cross-site.js';
export { ClientPresence, DisconnectSignal, type FinishedRequest, RequestObservers } from './request-tracking.js';
export { matchesStrongly, matchesWeakly } from './entity-tags.js';
export {
  DomainError,
  type DomainErrorKind,
  type FieldError,
  InvalidInputError,
  MalformedRequestError,
  MAX_ERRORS,
  PayloadTooLargeError,
  UnsupportedMediaTypeError,
  withCause,
} from './errors/domain-error.js';
export { type ErrorFault, faultOf, isCallerError, isTemporaryError } from './errors/error-fault.js';
export { ErrorFormats, type FormattedError } from './errors/error-formats.js';
export { ErrorTranslators } from './errors/error-translators.js';
export type { Problem } from './errors/problem.js';
export { ProblemFilter, problemOf } from './errors/problem.filter.js';
export { ApiProblems, ProblemDto } from './errors/problem.docs.js';
export { HttpModule } from './http.module.js';
export { HttpSettings } from './http.settings.js';
export { MethodNotAllowedError, respondToWrongMethods } from './method-not-allowed.js';
export { decodeCursor, type Position } from './paging/cursor.js';
export {
  CursorParameter,
  DEFAULT_LIMIT,
  LimitParameter,
  NextCursorProperty,
  type Page,
  pageOf,
} from './paging/page.js';
export { actorOf, CurrentActor, networkOf, prefersHtml, type RequestActor } from './request.js';
export { isDecimal } from './validation/decimal.js';
export {
  BooleanParameter,
  ChoiceField,
  Field,
  hasLength,
  InstantField,
  IntegerField,
  IntegerParameter,
  TextField,
  UuidField,
} from './validation/fields.js';
export { OptionalQuery } from './validation/optional-query.js';
export { type TextFields, textFieldsOf } from './validation/text-fields.js';
export { type StandardHeaders, standardHeaders } from './security-headers.js';
export { booleanOf, numberOf, wholeNumberOf } from './validation/text-values.js';
export { isStorableText } from './validation/text-safety.js';
export { validatedNames } from './validation/validated-names.js';
export { validateAs } from './validation/validation.pipe.js';
