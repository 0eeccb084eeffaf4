/** What the overlay of manifests/overlays/cert-manager shows with a real cert-manager. */
export const certManagerRequirements = {
  'e2e:cert-manager': {
    source: 'issue 7, Certificates',
    behaviour: 'An installation goes over to cert-manager without a failure, and serves what it issued.',
  },
  'e2e:cert-manager-bundle': {
    source: 'issue 7, Certificates; contract §9.1',
    behaviour: 'caBundle is kept by cainjector; the webhook has no right to it, nor any on Secrets.',
  },
  'e2e:cert-manager-told': {
    source: 'issue 7, Certificates',
    behaviour: "Metrics and check tell the truth about cert-manager's certificate.",
  },
  'e2e:cert-manager-renewal': {
    source: 'issue 7, Certificates',
    behaviour: 'cert-manager renews the certificate in the middle of a burst without a failure.',
  },
  'e2e:cert-manager-ca': {
    source: 'issue 7, Certificates',
    behaviour: 'cert-manager renews the CA, and the certificate after it, without a failure.',
  },
  'e2e:cert-manager-distrust': {
    source: 'issue 7, Certificates',
    behaviour: 'A blanked caBundle is written anew by cainjector, without the CAs of before.',
  },
  'e2e:cert-manager-back': {
    source: 'issue 7, Certificates',
    behaviour: 'An installation goes back to its own certificates without a failure, and the CA of before is trusted no more.',
  },
} as const;
