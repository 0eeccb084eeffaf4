interface Reply {
  readonly id: number;
  readonly result: { readonly usedSize?: number; readonly backingStorageSize?: number };
}

const MOST_LOOKS = 20;
const BETWEEN_LOOKS_MS = 500;
/** Two looks that differ by less tell the same. */
const SAME_BYTES = 64 * 1024;

/**
 * What a process of Node holds on its heap and in its buffers once its garbage is
 * gone. Resident memory would tell what its allocator has not given back.
 *
 * @param inspectorPort where its inspector listens on 127.0.0.1 (`--inspect`).
 */
export async function heldBytes(inspectorPort: number): Promise<number> {
  let least = await look(inspectorPort);
  for (let looks = 1; looks < MOST_LOOKS; looks++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    const bytes = await look(inspectorPort);
    if (bytes > least - SAME_BYTES) return Math.min(least, bytes);
    least = bytes;
  }
  return least;
}

async function look(port: number): Promise<number> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { readonly webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), { once: true });
    });
    await ask(socket, 'HeapProfiler.collectGarbage');
    const { usedSize = Number.NaN, backingStorageSize = 0 } = await ask(socket, 'Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  } finally {
    socket.close();
  }
}

/** One question at a time. */
function ask(socket: WebSocket, method: string): Promise<Reply['result']> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => resolve((JSON.parse(String(data)) as Reply).result), { once: true });
    socket.addEventListener('close', () => reject(new Error('the process has ended')), { once: true });
    socket.send(JSON.stringify({ id: 1, method }));
  });
}
