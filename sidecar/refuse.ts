import type { Refusal } from '../src/mcp/message.ts';
import { renderRefusal } from './early-refusal.ts';
import type { Exchange } from './exchange.ts';
import { discardRest } from './linger.ts';

/** Answers in the upstream's place. */
export function writeRefusal(exchange: Exchange, refusal: Refusal, options: { readonly isDraining: boolean }): void {
  if (exchange.isGone) return;
  const { request, response } = exchange;
  // A kubelet takes any answer to a hook for success (kubelet, lifecycle/handlers.go): what has not reached the app must be none.
  if (request.headers['user-agent']?.startsWith('kube-lifecycle/')) {
    response.destroy();
    return;
  }
  const { status, headers, body } = renderRefusal(refusal);
  if (options.isDraining) response.shouldKeepAlive = false;
  response.writeHead(status, headers);
  response.end(body);
  discardRest(exchange);
}
