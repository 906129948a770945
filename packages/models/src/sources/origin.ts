import { isPrivateHost, type Network } from '../network/request.ts';

/** A URL and how to ask for it. */
export interface Origin {
  readonly url: URL;
  readonly network: Network;
  /** Credentials for a URL of this origin, if the machine's settings hold some. */
  headersFor(url: URL): Record<string, string>;
}

/** What a pull may use of this machine. */
export interface SourceSettings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly allowPrivateNetwork: boolean;
  readonly idleTimeoutMs: number;
}

/** Any address that a manifest names: only public hosts, unless all are allowed. */
export function publicNetwork(settings: SourceSettings): Network {
  return { allowsPrivate: () => settings.allowPrivateNetwork, certificates: [], environment: settings.environment, idleTimeoutMs: settings.idleTimeoutMs };
}

/**
 * A registry from the machine's own settings: its own host may be private, and if it is, then the hosts that it links to may be too.
 * A public registry opens no way into the private network.
 */
export async function registryNetwork(settings: SourceSettings, registry: URL, certificates: readonly string[]): Promise<Network> {
  const isPrivate = await isPrivateHost(registry);
  return {
    ...publicNetwork(settings),
    certificates,
    allowsPrivate: (url) => settings.allowPrivateNetwork || isPrivate || url.host === registry.host,
  };
}
