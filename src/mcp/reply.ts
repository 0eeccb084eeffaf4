import { PREFIX } from '../lib/prefix.ts';
import type { Era, Refusal } from './message.ts';

/**
 * The JSON-RPC code of "over the limit". MCP 2026-07-28 reserves -32020…-32099
 * and tells others to stay outside -32768…-32000; older clients know -32029.
 */
export function rateLimitCode(era: Era): number {
  return era === 'modern' ? 429 : -32029;
}

/**
 * The JSON text of a refusal. The id is echoed to the letter, and left out where
 * there is none or it is unknown (MCP 2025-11-25, schema: `id?`).
 */
export function refusalBody(refusal: Refusal): string {
  const { id, code, message, data } = refusal;
  const [key, answer] =
    refusal.form === undefined ? ['error', { code, message, ...(data === undefined ? {} : { data }) }] : ['result', failedResult(refusal)];
  return `{"jsonrpc":"2.0",${id === undefined ? '' : `"id":${id},`}"${key}":${JSON.stringify(answer)}}`;
}

/** Where the data of a refusal stands in a result without structured content. */
const REFUSAL_KEY = `${PREFIX}refusal`;

/** MCP 2025-11-25, Tools "Error Handling": `isError`; `resultType` came with 2026-07-28. */
function failedResult({ form, era, message, data }: Refusal): object {
  return {
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text: message }],
    ...(data !== undefined && (form === 'tool-result' ? { structuredContent: data } : { _meta: { [REFUSAL_KEY]: data } })),
    isError: true,
  };
}

/** The headers that go with `refusalBody`, the refusal's own included. */
export function refusalHeaders({ headers }: Refusal): Record<string, string> {
  return { 'content-type': 'application/json', ...headers };
}
