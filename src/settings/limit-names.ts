import { byteLength, hasControlCharacter } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';
import { parsed, type Refuse } from './parsed.ts';

const LONGEST_NAME_BYTES = 256;
/** Contract §6: a handshake is never charged, so that a limit on it would be without effect. */
const NEVER_CHARGED: ReadonlySet<string> = new Set(['initialize', 'server/discover']);

/** Names are the user's: any text, as long as a log and a header can bear it. */
function checkName(text: string, what: 'tool' | 'method', refuse: Refuse): void {
  const sizeBytes = byteLength(text);
  if (text === '') refuse('BAD_NAME', `a ${what}'s name is empty`);
  if (sizeBytes > LONGEST_NAME_BYTES)
    refuse('BAD_NAME', `a ${what}'s name of ${sizeBytes} bytes; at most ${LONGEST_NAME_BYTES} are allowed`);
  if (hasControlCharacter(text)) refuse('BAD_NAME', `${quote(text)} holds a control character, which no ${what}'s name may`);
}

/** A tool's exact name, or a pattern with `*`. */
export const toolName = parsed((text, refuse) => {
  checkName(text, 'tool', refuse);
  if (text.includes('**')) refuse('BAD_NAME', `${quote(text)} has "**"; one "*" stands for any text already`);
  return text;
});

export const methodName = parsed((text, refuse) => {
  checkName(text, 'method', refuse);
  if (text === 'tools/call') refuse('BAD_NAME', 'tools/call is limited by shared, perClient and tools, not by methods');
  if (NEVER_CHARGED.has(text)) refuse('BAD_NAME', `${text} is never charged: without it no client learns that it may come`);
  if (text.startsWith('notifications/')) refuse('BAD_NAME', `${text} is never charged: a notification has no answer to be refused in`);
  if (text.includes('*')) refuse('BAD_NAME', `${quote(text)} has "*"; a method is named in full, patterns are for tools`);
  return text;
});
