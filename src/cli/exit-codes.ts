/** Exit codes of the commands for CI; above 63 those of sysexits.h, so that "this is wrong" is told apart from "this was not judged". */
export const EXIT = {
  ok: 0,
  /** Something would be denied, or was found to be wrong. */
  found: 1,
  usage: 64,
  /** A file cannot be read. */
  noInput: 66,
  /** Something that is needed is not there: a cluster, a package. */
  unavailable: 69,
  /** A bug of ours. */
  software: 70,
  /** Nobody reads any more: what a shell makes of SIGPIPE. */
  brokenPipe: 141,
} as const;

/** The paragraph that each command's help ends with. */
export const EXIT_USAGE = `Exit codes: 0 fine, 1 something is wrong with the manifests, 64 with the command line; 66 a file cannot be read.
`;
