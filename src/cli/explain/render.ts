import type { Step } from './admission.ts';
import { renderEntry } from './entries.ts';
import type { Explanation } from './explain.ts';
import type { PolicyWord } from './policies.ts';

const HEADS: Readonly<Record<Explanation['verdict'], string>> = {
  injected: 'gets the sidecar',
  denied: 'would be denied',
  refused: 'would be refused',
  unknown: 'gets the sidecar or not: that cannot be told here',
  'not asked for': 'gets no sidecar',
  'not asked about': 'gets no sidecar: the webhook is not asked',
};

/** An explanation as text; `title` names the object and its place, `problems` are the errors and warnings on it. */
export function renderExplanation(title: string, explanation: Explanation, problems: readonly string[]): string {
  const { verdict, why, asked, policies, podSecurity, decided, effective, entries, bypass } = explanation;
  const lines = [`${title} ${HEADS[verdict]}`, `  ${why}`, ...section('problems', problems.map(oneLine))];
  lines.push(
    ...section(
      'asked',
      asked.map(({ what, holds, detail }) => `${mark(holds)} ${what}${detail === undefined ? '' : `: ${detail}`}`),
    ),
  );
  lines.push(...section('policies', policies.map(renderPolicy)));
  const isInjected = verdict === 'injected' || verdict === 'unknown';
  if (isInjected || podSecurity.violations.length > 0) {
    const offences = podSecurity.violations.map((each) => `${mark(false)} ${each}`);
    const none =
      podSecurity.level === 'privileged' ? 'the namespace enforces nothing' : `${mark(true)} nothing offends ${podSecurity.level}`;
    lines.push(...section(`pod security (${podSecurity.level})`, offences.length > 0 ? offences : [none]));
    lines.push(
      ...section(
        'decided',
        Object.entries(decided).map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : value}`),
      ),
    );
  }
  const width = Math.max(...effective.map(({ key }) => key.length));
  const given = isInjected ? effective : effective.filter(({ from }) => from !== 'default');
  lines.push(
    ...section(
      'settings',
      given.map(({ key, value, from }) => `${key.padEnd(width)}  ${oneLine(value)}  (${from})`),
    ),
  );
  lines.push(...section('remote entries', entries.flatMap(renderEntry)));
  lines.push(
    ...section(
      'what still leads past it',
      bypass.map((each) => `- ${each}`),
    ),
  );
  return lines.map((line) => `${line}\n`).join('');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)];
}

function mark(holds: Step['holds']): string {
  if (holds === 'unknown') return '?  ';
  return holds === true ? 'yes' : 'no ';
}

function renderPolicy({ policy, of, word, withoutWebhook, detail }: PolicyWord): string {
  const away = withoutWebhook === word ? '' : `; while the webhook is away: ${withoutWebhook}`;
  return `${policy}, of the ${of}: ${word}${away}${detail === undefined ? '' : ` (${oneLine(detail)})`}`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' | ');
}
