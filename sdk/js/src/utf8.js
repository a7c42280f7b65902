// Text as bytes and back; the engine has no TextEncoder.

export function encode(text) {
  const escaped = unescape(encodeURIComponent(text));
  const bytes = new Uint8Array(escaped.length);
  for (let at = 0; at < escaped.length; at++) bytes[at] = escaped.charCodeAt(at);
  return bytes;
}

export function decode(bytes) {
  let escaped = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    escaped += String.fromCharCode.apply(null, bytes.slice(at, at + 8192));
  }
  return decodeURIComponent(escape(escaped));
}
