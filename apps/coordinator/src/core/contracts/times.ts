/** Milliseconds. The database's clock decides when a lease has ended; these say how long things last. */
export interface CoreTimes {
  /** How long an attempt stays with an edge that says nothing. */
  readonly leaseMs: number;
  /** How often ended leases are looked for. */
  readonly reapMs: number;
  /** How often waiting runs and queued attempts are looked at again, for what a database that was away left undone. */
  readonly sweepMs: number;
  /** How often a coordinator says that it lives, and looks who else does: several times within `leaseMs`, for which it is believed. */
  readonly lookMs: number;
}

export const designTimes: CoreTimes = { leaseMs: 10_000, reapMs: 1_000, sweepMs: 5_000, lookMs: 2_500 };
