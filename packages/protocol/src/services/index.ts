/**
 * Services: long-lived processes on edges. How a kind is declared, what people see of a service, and what edges say of it.
 * Not here: what runs a kind (packages/drivers/src/service.ts), or where a service runs (the coordinator's core/services).
 * Begin with service-kind.ts.
 */
export * from './service.ts';
export * from './service-kind.ts';
export * from './service-messages.ts';
