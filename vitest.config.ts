import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...extra },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 10_000),
      project('integration', 60_000),
      // One cluster, one order: the files of the end-to-end suite run one after the other.
      project('e2e', 300_000, { fileParallelism: false, hookTimeout: 3_600_000, globalSetup: ['test/e2e/setup.ts'] }),
    ],
  },
});
