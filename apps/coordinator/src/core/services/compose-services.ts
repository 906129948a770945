import type { TicketSigner } from '@atelier/artifacts';
import type { Database } from '@atelier/store';
import type { EdgeLink, Logger } from '../contracts/index.ts';
import type { Fleet } from '../fleet/index.ts';
import { Placing } from './placing.ts';
import { ServiceLeases } from './service-leases.ts';
import { ServiceRows } from './service-rows.ts';
import { createServices, type Services } from './services.ts';

interface ServiceNeeds {
  readonly database: Database;
  readonly leaseMs: number;
  readonly fleet: Fleet;
  readonly link: EdgeLink;
  readonly tickets: TicketSigner;
  readonly log: Logger;
}

/** The room: what people do with services, and what follows from what edges say of them. */
export function composeServices(needs: ServiceNeeds): { readonly services: Services; readonly serviceLeases: ServiceLeases } {
  const rows = new ServiceRows(needs.database, needs.leaseMs);
  const placing = new Placing({ ...needs, rows });
  const serviceLeases = new ServiceLeases({ ...needs, rows, placing });
  return { services: createServices({ ...needs, rows, placing, serviceLeases }), serviceLeases };
}
