import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { Admitted } from '../src/inject/admit.ts';
import { createBodyReader } from './body.ts';
import type { Judge } from './judge.ts';
import type { Metrics } from './metrics.ts';
import { type AdmissionRequest, nameOf, parseReview, renderReview } from './review.ts';

/** Below the configuration's timeoutSeconds of 3, so that a late answer is an error with a name and not a silence. */
const DEADLINE_MS = 2500;

export interface AppOptions {
  readonly judge: Judge;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What is still missing; none: ready. */
  readonly unready: () => readonly string[];
  readonly deadlineMs?: number;
  readonly readBody?: ReturnType<typeof createBodyReader>;
}

/** Late because of something that we wait for, not by a fault of the review. */
class DeadlineError extends Error {}

/** `/mutate` for apiservers, `/healthz` and `/readyz` for kubelets, `/metrics` for Prometheus. */
export function createApp({ judge, metrics, log, unready, deadlineMs = DEADLINE_MS, readBody = createBodyReader() }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing');

  app.post('/mutate', async (request, response) => {
    // The head has just been read. Monotonic, as the wall clock may be set meanwhile.
    const startMs = performance.now();
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return refuse(response, 415, 'Content-Type has to be application/json', 'malformed');
    }
    if (request.headers['content-encoding'] !== undefined) return refuse(response, 415, 'a compressed body is not read', 'malformed');
    await readBody(request, async (read) => {
      if ('status' in read) {
        const reason = read.status === 413 ? 'too_large' : read.status === 503 ? 'overload' : 'malformed';
        return refuse(response, read.status, read.message, reason);
      }
      const parsed = parseReview(read.body);
      if ('malformed' in parsed)
        return refuse(response, 400, `not an AdmissionReview of admission.k8s.io/v1: ${parsed.malformed}`, 'malformed');
      const admitted = await withDeadline(judge(parsed.request), deadlineMs);
      // Rendered before anything is sent: should it throw, that is a 500 too.
      const answer = JSON.stringify(renderReview(parsed.request, admitted));
      response.status(200).type('application/json').send(answer);
      note(parsed.request, admitted, performance.now() - startMs);
    });
  });
  app.get('/healthz', (_request, response) => plain(response, 200, 'ok'));
  app.get('/readyz', (_request, response) => {
    const missing = unready();
    plain(response, missing.length === 0 ? 200 : 503, missing.length === 0 ? 'ok' : missing.join('\n'));
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.use((_request, response) => plain(response, 404, 'not found'));
  // Four parameters are how Express knows a handler of errors.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    fail(response, error);
  });

  function note(request: AdmissionRequest, { outcome, reasons, cautions }: Admitted, durationMs: number): void {
    const warned = [...new Set(cautions.map(({ code }) => code))];
    metrics.reviewed({ kind: request.kind.kind, outcome, reasons, warned, durationMs });
    const { uid, operation, namespace } = request;
    const line = { uid, kind: request.kind.kind, namespace, name: nameOf(request), operation, outcome, reasons };
    if (outcome === 'denied') log.info(line, 'denied');
    else if (outcome === 'injected' || outcome === 'propagated') log.info(line, outcome);
    else log.debug(line, outcome);
  }

  function refuse(response: Response, status: number, message: string, reason: Parameters<Metrics['failed']>[0]): void {
    metrics.failed(reason);
    log.warn({ status }, message);
    // What is left of the body would be taken for the next request.
    if (status === 413 || status === 503 || status === 415) response.set('Connection', 'close');
    plain(response, status, message);
  }

  // An error is no judgement: with 500 the failure policy applies (contract §9.7).
  function fail(response: Response, error: unknown): void {
    const id = randomUUID();
    metrics.failed(error instanceof DeadlineError ? 'deadline' : 'internal');
    log.error({ id, err: error }, 'a review got no judgement');
    if (response.headersSent) response.destroy();
    else plain(response, 500, `mcp-sluice: internal error; look for id ${id} in the log of the webhook`);
  }

  return app;
}

function plain(response: Response, status: number, text: string): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`no judgement within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
