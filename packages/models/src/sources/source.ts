import { AtelierError } from '@atelier/protocol';

/** A file's source, taken apart. */
export type Source =
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'huggingface'; readonly repository: string; readonly revision: string; readonly path: string }
  | { readonly kind: 'npm'; readonly name: string; readonly version: string; readonly path: string }
  | { readonly kind: 'pypi'; readonly name: string; readonly version: string; readonly path: string }
  | { readonly kind: 'bundled'; readonly path: string };

/** @throws AtelierError `invalid-input` with the form that was expected */
export function parseSource(source: string): Source {
  const [, scheme, rest] = /^([a-z]+):(.*)$/.exec(source) ?? [];
  switch (scheme) {
    case 'https':
      return { kind: 'url', url: parseUrl(source) };
    case 'hf': {
      const [, repository, revision, path] = /^([\w.-]+\/[\w.-]+)@([\w.-]+)\/(.+)$/.exec(rest ?? '') ?? [];
      if (repository && revision && path) return { kind: 'huggingface', repository, revision, path };
      throw wrong(source, 'hf:owner/repository@revision/path');
    }
    case 'npm': {
      const [, name, version, path] = /^((?:@[\w.~-]+\/)?[\w.~-]+)@([\w.+-]+)\/(.+)$/.exec(rest ?? '') ?? [];
      if (name && version && path) return { kind: 'npm', name, version, path };
      throw wrong(source, 'npm:package@version/path');
    }
    case 'pypi': {
      const [, name, version, path] = /^([\w.-]+)==([\w.+!-]+)\/(.+)$/.exec(rest ?? '') ?? [];
      if (name && version && path) return { kind: 'pypi', name, version, path };
      throw wrong(source, 'pypi:package==version/path');
    }
    case 'bundled':
      return { kind: 'bundled', path: rest ?? '' };
    default:
      throw wrong(source, 'https:, hf:, npm:, pypi: or bundled:');
  }
}

function parseUrl(source: string): URL {
  if (URL.canParse(source)) return new URL(source);
  throw wrong(source, 'https://host/path');
}

function wrong(source: string, form: string): AtelierError {
  return new AtelierError('invalid-input', `"${source}" is not a source of a model file.`, { hint: `It is written ${form}.` });
}
