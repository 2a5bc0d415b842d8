// Korean particles that depend on how what stands before them is read.

/** Letters and digits whose reading ends in a consonant; in ㄹ those of `LIQUID`. */
const CLOSED = /[0136780lmnr]/i, LIQUID = /[178lr]/i;

/** The particle behind a word or number: the first behind a consonant. Brackets and signs are not read. */
export function josa(word: string, closed: string, open: string): string {
  const last = word.replace(/[^\p{L}\p{N}%]+$/u, "").at(-1) ?? "", code = last.charCodeAt(0) - 0xac00;
  const isSyllable = code >= 0 && code < 11172, final = isSyllable ? code % 28 : 0;
  const isClosed = isSyllable ? final > 0 : CLOSED.test(last);
  const isLiquid = isSyllable ? final === 8 : LIQUID.test(last);
  return isClosed && !(closed === "으로" && isLiquid) ? closed : open;
}

const EITHER: Record<string, [string, string]> = {
  "은(는)": ["은", "는"], "이(가)": ["이", "가"], "을(를)": ["을", "를"], "과(와)": ["과", "와"], "(으)로": ["으로", "로"], "(이)다": ["이다", "다"],
};

/** A text in which a particle that could be either is the right one, behind a word that stands before it. */
export function settled(before: string, text: string): string {
  const either = Object.keys(EITHER).find((one) => text.startsWith(one));
  return either === undefined || before === "" ? text : josa(before, ...EITHER[either] ?? ["", ""]) + text.slice(either.length);
}
