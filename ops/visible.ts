/** Others' text is shown, never obeyed: what a terminal or a build log would act on is printed as its number. Pure. */

/**
 * Controls of C0 and C1 and the escape; what has no width, joins, or turns the direction of what follows; separators of
 * lines; half a surrogate pair; tags. https://www.unicode.org/reports/tr36/ and https://www.unicode.org/reports/tr9/
 */
export const UNSEEN = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|\p{Variation_Selector}|\p{Default_Ignorable_Code_Point}|\u2800/gu;
/** Blanks that are no blank, and would part words that a reader takes for one. */
const BLANKS = /[^\S ]/gu;

const LOG_COMMAND = /##(?=[a-z]*\[)/gi;

const codeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/**
 * A text as one line that does nothing: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 * has the commands that a build log obeys, at the beginning of a line, or after `##[` anywhere; other logs have `##vso[` and the like.
 */
export const visible = (text: string): string =>
  text
    .replace(UNSEEN, codeOf)
    .replace(BLANKS, codeOf)
    .replace(/^( *)::/, '$1\\u003a:')
    .replace(LOG_COMMAND, '#\\u0023');
