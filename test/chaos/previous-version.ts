/** The release before this one, which `25-versions.test.ts` upgrades from. Its tag is taken where the clone has it. */
export const PREVIOUS = { version: '0.1.0', commit: '779e073f826cee990fdc85bcfdd757797000994a' } as const;
