import type { Dispatcher } from 'undici';
import type { RemoteEntry } from '../src/settings/settings.ts';
import type { Trial } from './entry-breaker.ts';
import { EntryFault } from './entry-fault.ts';
import { judgeRedirect } from './entry-redirect.ts';
import { type Flow, hasBody, mayBeSentAgain, type Sink, type UpstreamRequest } from './forward.ts';
import { headerValue } from './headers.ts';

export interface AttemptDeps {
  readonly entry: RemoteEntry;
  /** The pool of what is trusted now; asked again for each redirect. */
  readonly pool: () => Dispatcher;
  readonly trial: Trial;
  readonly firstByteTimeoutMs: number;
  /** No connection could be made. Told before the trial is settled. */
  readonly onUnconnected: (fault: EntryFault) => void;
  /** Called once, when nothing of it is under way any more. */
  readonly onOver: (fault: EntryFault | undefined) => void;
}

const gone = new Error('the client is gone');

/** One request to an entry on its way, through redirects of the same origin: undici's handler and the sink's flow in one object. */
export class EntryAttempt implements Dispatcher.DispatchHandler, Flow {
  readonly #deps: AttemptDeps;
  readonly #request: UpstreamRequest;
  readonly #sink: Sink;
  #controller: Dispatcher.DispatchController | undefined;
  #target: string;
  #redirects = 0;
  /** Where to go on to, once the connection of the redirect is closed. */
  #next: string | undefined;
  #wasSent = false;
  #hadHead = false;
  #wasHeard = false;
  #isAgain = false;
  /** The sink hears nothing more. */
  #isDeaf = false;
  #isOver = false;

  constructor(deps: AttemptDeps, request: UpstreamRequest, sink: Sink) {
    this.#deps = deps;
    this.#request = request;
    this.#sink = sink;
    this.#target = request.target;
  }

  start(): this {
    const { method, headers, body } = this.#request;
    // A server may open a stream of events and say nothing, not even its head, until it has one.
    const isStream = method === 'GET' && /\btext\/event-stream\b/i.test(headerValue(headers, 'accept') ?? '');
    try {
      this.#deps.pool().dispatch(
        {
          method,
          path: this.#target,
          headers: headers as string[],
          body: hasBody(body) ? body : null,
          idempotent: false,
          headersTimeout: isStream ? 0 : this.#deps.firstByteTimeoutMs,
        },
        this,
      );
    } catch (error) {
      this.#fail(error as Error);
    }
    return this;
  }

  abort(): void {
    this.#isDeaf = true;
    this.#controller?.abort(gone);
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#deps.trial.succeed();
    if (this.#isDeaf) {
      // The client left while we were connecting: nothing was written yet.
      controller.abort(gone);
      return;
    }
    this.#wasSent = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, reason?: string): void {
    this.#wasHeard = true;
    const rawHeaders = (controller.rawHeaders ?? []) as Buffer[];
    if (status < 200) {
      this.#sink.inform(status, rawHeaders);
      return;
    }
    const { origin } = new URL(this.#deps.entry.url);
    const asked = { origin, target: this.#target, redirectsBefore: this.#redirects, body: this.#request.body };
    const redirect = judgeRedirect({ status, locations: locationsOf(rawHeaders) }, asked);
    if (redirect === undefined) {
      this.#hadHead = true;
      this.#sink.begin(status, reason ?? '', rawHeaders);
    } else if ('target' in redirect) {
      this.#next = redirect.target;
      // Its body is nobody's, may never end, and a new connection is resolved and checked anew.
      controller.abort(new Error('redirected'));
    } else {
      this.#fail(this.#fault('redirect', `answers with a redirect (${status}) ${redirect.says}. Set its url to where its server is.`));
      controller.abort(gone);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isDeaf && !this.#sink.write(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#next !== undefined) {
      this.#follow(this.#next);
      return;
    }
    this.#over(undefined);
    if (this.#isDeaf) return;
    this.#isDeaf = true;
    this.#sink.end((controller.rawTrailers ?? []) as Buffer[]);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#controller = undefined;
    if (this.#isDeaf) {
      this.#over(undefined);
      return;
    }
    if (this.#next !== undefined) {
      this.#follow(this.#next);
      return;
    }
    if (this.#wasSent && !this.#wasHeard && !this.#isAgain && !isTimeout(error) && mayBeSentAgain(this.#request)) {
      this.#isAgain = true;
      this.start();
      return;
    }
    this.#fail(error);
  }

  #follow(target: string): void {
    this.#next = undefined;
    this.#target = target;
    this.#redirects += 1;
    this.start();
  }

  #fail(error: Error): void {
    const fault = error instanceof EntryFault ? error : this.#explain(error);
    const failure = { error: fault, wasSent: this.#wasSent, hadHead: this.#hadHead };
    this.#isDeaf = true;
    // A bug of ours says nothing of the remote.
    if (error instanceof EntryFault && !this.#wasSent) {
      this.#deps.onUnconnected(error);
      this.#deps.trial.fail();
    }
    this.#over(fault);
    this.#sink.fail(failure);
  }

  #explain(error: Error): EntryFault {
    if (isTimeout(error)) {
      const seconds = this.#deps.firstByteTimeoutMs / 1000;
      return this.#fault('first-byte-timeout', `did not begin to answer within ${seconds} s. Check that its server is well.`, 504);
    }
    return this.#fault('broke', 'closed the connection without a whole answer. Check the log of its server.');
  }

  #fault(reason: 'redirect' | 'broke' | 'first-byte-timeout', says: string, status: 502 | 504 = 502): EntryFault {
    return new EntryFault({ reason, status, message: `Remote entry "${this.#deps.entry.name}" ${says}` });
  }

  #over(fault: EntryFault | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deps.trial.abandon();
    this.#deps.onOver(fault);
  }
}

function isTimeout(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'UND_ERR_HEADERS_TIMEOUT';
}

function locationsOf(rawHeaders: readonly Uint8Array[]): string[] {
  const texts = rawHeaders.map((bytes) => Buffer.from(bytes).toString('latin1'));
  return texts.filter((_, i) => i % 2 === 1 && texts[i - 1]?.toLowerCase() === 'location');
}
