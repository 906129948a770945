import { customType, timestamp } from 'drizzle-orm/pg-core';

/** A point in time, kept with its zone and read as a Date. */
export const moment = (name: string) => timestamp(name, { withTimezone: true });

/** A whole number of up to 2^53, such as a size in bytes. */
export const whole = customType<{ data: number; driverData: string }>({
  dataType: () => 'bigint',
  fromDriver: (value) => Number(value),
});
