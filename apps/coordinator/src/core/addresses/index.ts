/**
 * Where edges may be sent for bytes. An edge says where others reach it; here that is matched with where it connects from, or confirmed by an owner.
 * Not here: tickets (dispatch/work-orders.ts), and how bytes travel (packages/artifacts). Begin with transfer-address.ts.
 */
export { judgeTransferUrl, ownAddresses, type SocketOrigin, type TransferReach } from './transfer-address.ts';
