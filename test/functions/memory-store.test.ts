import { MemoryStore } from '../../functions/core/memory-store.ts';
import { storeContract } from './store-contract.ts';

const store = new MemoryStore();
storeContract('the memory store', () => store);
