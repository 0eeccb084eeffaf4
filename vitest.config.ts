import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...extra },
});

const onCluster = { fileParallelism: false, hookTimeout: 3_600_000, globalSetup: ['test/e2e/setup.ts'] };

export default defineConfig({
  test: {
    projects: [
      // Pure functions all through: files share a process and the modules it has loaded, which halves the time.
      project('unit', 10_000, { isolate: false }),
      project('integration', 60_000),
      // What needs more than Node and Redis: servers in Python and Go, nft and network namespaces.
      project('system', 60_000),
      // 10^5 texts, which child processes read too.
      project('fuzz', 300_000),
      // Real clients, each in a process of its own, which they start on two processors.
      project('clients', 90_000, { fileParallelism: false, globalSetup: ['test/clients/setup.ts'] }),
      // One cluster, one order: the files of the end-to-end suite run one after the other.
      project('e2e', 300_000, onCluster),
      // What kills, reboots, overloads and uninstalls: on a cluster of its own, after which nothing else is measured.
      project('chaos', 1_200_000, onCluster),
    ],
  },
});
