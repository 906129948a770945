import type { FleetSnapshot, Place } from './fleet.ts';

/** Where a link was never measured: a quiet wired home network, 100 Mbit/s. */
export const linkPrior = { bytesPerSecond: 12_500_000, latencySeconds: 0.005 } as const;

/** Links between places by number: the fleet's edges in their order, then the coordinator. Rows are sources. */
export interface LinkTable {
  readonly places: number;
  readonly coordinator: number;
  readonly latency: Float64Array;
  readonly secondsPerByte: Float64Array;
  /** The number of a place; the coordinator's where it is not in the fleet. */
  numberOf(place: Place): number;
}

/** Fills in what was not measured: the prior, or for edges that nobody can reach, the way through the coordinator. A place reaches itself in no time. */
export function linkTable(fleet: FleetSnapshot): LinkTable {
  const places = fleet.edges.length + 1;
  const coordinator = fleet.edges.length;
  const numbers = new Map<string, number>(fleet.edges.map((edge, index) => [edge.id, index]));
  const latency = new Float64Array(places * places).fill(linkPrior.latencySeconds);
  const secondsPerByte = new Float64Array(places * places).fill(1 / linkPrior.bytesPerSecond);
  const measured = new Uint8Array(places * places);
  for (const link of fleet.links) {
    const from = link.from === 'coordinator' ? coordinator : numbers.get(link.from);
    const to = link.to === 'coordinator' ? coordinator : numbers.get(link.to);
    if (from === undefined || to === undefined) continue;
    latency[from * places + to] = link.latencySeconds;
    secondsPerByte[from * places + to] = 1 / link.bytesPerSecond;
    measured[from * places + to] = 1;
  }
  for (const [from, edge] of fleet.edges.entries()) if (edge.relayOnly) relay(from);
  for (let place = 0; place < places; place += 1) {
    latency[place * places + place] = 0;
    secondsPerByte[place * places + place] = 0;
  }
  return { places, coordinator, latency, secondsPerByte, numberOf: (place) => numbers.get(place) ?? coordinator };

  function relay(from: number): void {
    for (let to = 0; to < coordinator; to += 1) {
      const at = from * places + to;
      if (measured[at] === 1) continue;
      for (const table of [latency, secondsPerByte]) {
        table[at] = (table[from * places + coordinator] as number) + (table[coordinator * places + to] as number);
      }
    }
  }
}

/** Seconds for so many artifacts with so many bytes together. */
export function transferSeconds(links: LinkTable, from: number, to: number, artifacts: number, bytes: number): number {
  const at = from * links.places + to;
  return artifacts * (links.latency[at] as number) + bytes * (links.secondsPerByte[at] as number);
}
