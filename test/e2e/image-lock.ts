import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** An abstract Unix socket (unix(7)): the kernel takes it back with the process that holds it, however that ended. */
const NAME = '\0mcp-sluice-e2e-images';

/** Two suites of one machine build images of the same names; each has them to itself until they are in its cluster. */
export async function withImages<T>(work: () => Promise<T>): Promise<T> {
  const lock = createServer();
  while (!(await isHeld())) await sleep(500);
  try {
    return await work();
  } finally {
    await new Promise((resolve) => lock.close(resolve));
  }

  function isHeld(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error));
      lock.once('error', onError);
      lock.listen(NAME, () => {
        lock.off('error', onError);
        resolve(true);
      });
    });
  }
}
