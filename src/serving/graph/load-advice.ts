const TYPES_DIFFER = /tensor\((float|double)\).*does not match expected type.*tensor\((float|double)\)/;

/** What to do about a file that ONNX Runtime cannot load; undefined for a message without advice. */
export function loadAdvice(message: string): string | undefined {
  return localeAdvice(message) ?? typeAdvice(message);
}

/** pandas has decimals of 64 bits, and the operators for models calculate with 32. */
function typeAdvice(message: string): string | undefined {
  if (!TYPES_DIFFER.test(message)) return undefined;
  return (
    'ONNX Runtime cannot load the file, because it mixes numbers of 32 and of 64 bits; export it with decimal columns of ' +
    'float32 (skl2onnx: to_onnx(model, table[:1].astype({column: "float32"})))'
  );
}

/** What to do about a locale that the machine does not have. */
function localeAdvice(message: string): string | undefined {
  const [, locale] = /Failed to construct locale with name: ?([\w.@-]+)/.exec(message) ?? [];
  if (locale === undefined) return undefined;
  return (
    `its texts need the locale ${locale}, which this machine does not have; ` +
    `export it with another (skl2onnx: options={TfidfVectorizer: {"locale": "C"}}), or install the locale`
  );
}
