// Korean particles that depend on how a word or a number is read.

/** The particle that goes with how a word or number is read: the first behind a consonant. */
export function particle(word: string, closed: string, open: string): string {
  const last = word.match(/[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u)?.[0] ?? "", code = last.charCodeAt(0) - 0xac00;
  if (code >= 0 && code < 11172) return code % 28 > 0 ? closed : open;
  return /[0136780lmnr]/i.test(last) ? closed : open;
}

/** A text behind a word, with the particle of both forms that it begins with decided: `을(를)`, `이(가)`, `은(는)`, `과(와)`. */
export function following(word: string, text: string): string {
  const [both, closed, open] = text.match(/^(을|이|은|과)\((를|가|는|와)\)/) ?? [];
  return both && closed && open ? particle(word, closed, open) + text.slice(both.length) : text;
}
