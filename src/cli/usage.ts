import { EXIT_USAGE } from './exit-codes.ts';
import { DEFAULT_IMAGE, DEFAULTS } from './flags.ts';

const FILES_HELP = `FILE is a file of YAML or JSON, a directory (its .yaml, .yml and .json files), or - for standard input, such as what
'kubectl kustomize', 'helm template' and 'kubectl get -o yaml' print.

  -R, --recursive          directories with all that is below them
`;

const FACTS_HELP = `      --image IMAGE        the image to inject (${DEFAULT_IMAGE})
  -n, --namespace NAME     of objects that name none (default)
      --namespace-file F   a Namespace manifest: its labels and annotations count
      --pod-security LEVEL what the namespace enforces: privileged, baseline, restricted
      --static-pod         pods that a kubelet runs from their files: what these cannot have is a mistake
      --default-redis URL  the cluster's defaults, as the webhook has them; likewise
                           ${DEFAULTS.slice(1)
                             .map((key) => `--default-${key}`)
                             .join(', ')}
`;

export const INJECT_USAGE = `Usage: mcp-sluice inject [OPTION…] FILE…

Prints the manifests with the sidecar in their pods and templates; every other byte is as it was.
Nothing is printed where one of them is denied. As a Helm post-renderer it takes '-'.

${FILES_HELP}  -o, --output text|json   the manifests as they are written (text), or one object or List
${FACTS_HELP}
${EXIT_USAGE}`;

export const UNINJECT_USAGE = `Usage: mcp-sluice uninject [OPTION…] FILE…

Prints the manifests without what 'inject' or the webhook added: of a file that 'inject' printed, byte for byte what
it was made from. Your own annotations stay.

${FILES_HELP}  -o, --output text|json   the manifests as they are written (text), or one object or List

${EXIT_USAGE}`;

export const LINT_USAGE = `Usage: mcp-sluice lint [OPTION…] FILE…

Tells every mistake in the annotations of the manifests, as the webhook would.

${FILES_HELP}  -o, --output text|json   FILE:LINE: KIND/NAME: WHAT (text), or {findings, summary}
      --strict             warnings count as mistakes
${FACTS_HELP}
${EXIT_USAGE}`;

export const POLICY_USAGE = `Usage: mcp-sluice policy [OPTION…] FILE…

Prints a NetworkPolicy for every workload and pod with remote entries: its pods reach DNS, Redis, the issuer of tokens and the
entries, and nothing else. Its comments say what no NetworkPolicy can close. Nothing is printed where a manifest is denied.

${FILES_HELP}  -o, --output text|json   YAML with comments (text), or one object or List without them
${FACTS_HELP}
${EXIT_USAGE}`;

export const EXPLAIN_USAGE = `Usage: mcp-sluice explain [OPTION…] FILE…
       mcp-sluice explain [-n NAMESPACE] [--context NAME] [-o text|json] KIND/NAME…

Tells what becomes of each pod and workload of the manifests, and why: selectors and conditions of webhook and policies,
Pod Security, every setting in force with the level that it comes from, and what still leads past the sidecar.
KIND/NAME, such as pod/x or deploy/x, is an object of the cluster that kubectl would ask, judged by what is installed there.

${FILES_HELP}  -o, --output text|json   for people (text), or a list of explanations
${FACTS_HELP}
${EXIT_USAGE}`;

export const CHECK_USAGE = `Usage: mcp-sluice check [OPTION…]

Asks the cluster of a kubeconfig whether mcp-sluice can be installed there or, where it is, whether it works: versions,
registration and policies, rights, certificates, a known pod in a dry run, the order of webhooks, stale, naked and forged
pods, and Redis as the sidecars see it. Nothing is changed.

  -n, --namespace NAME     where the known pod is tried (that of the context)
      --context NAME       of the kubeconfig
      --strict             warnings count as failures
  -o, --output text|json   one line for each check (text), or {checks, summary}

Exit codes: 0 all is well, 1 a check failed, 64 the command line is wrong, 69 the cluster cannot be asked.
`;
