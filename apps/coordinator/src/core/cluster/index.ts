/**
 * The other coordinators on this database: which live, telling them where to look, and hearing them.
 * Not here: what is done with what they tell (following/), which edges are whose (fleet/).
 * Begin with cluster.ts; notifications.ts is all that is ever said.
 */
export { Cluster, type ClusterOptions, type Hearing, type OtherCoordinator } from './cluster.ts';
export { Notification } from './notifications.ts';
export { PassingOn } from './passing-on.ts';
