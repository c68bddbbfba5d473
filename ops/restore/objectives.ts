/** Age of a table's newest recovery point, in hours, above which people are told: a day, and half as much for one that failed. */
export const RECOVERY_POINT_HOURS = 36;
