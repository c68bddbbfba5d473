/** What is written down of acknowledged writes, and looked for in every region. */
import { mutationsOf } from '../mutation.ts';

/** Its tests of waiting take seconds. */
const QUICK = '^(?!settling)';
const ledger = mutationsOf('ops/drill/ledger.ts', 'test/ops/drill/ledger.test.ts');
const settling = (name: string, defect: string, from: string, to: string) =>
  mutationsOf('ops/drill/settle.ts', 'test/ops/drill/ledger.test.ts')(name, defect, from, to, '^settling');
const one = (name: string, defect: string, from: string, to: string) => ledger(name, defect, from, to, QUICK);

export const LEDGER = [
  one('replays-are-not-written-down', 'what was answered with 200 or 202 may be lost', 'status >= 300', 'status !== 201'),
  one('redirects-are-acknowledgements', 'what was never done is looked for', 'status >= 300', 'status > 300'),
  one('unknown-ends-are-acknowledgements', 'what nobody promised is called lost', "outcome !== 'ok' || status", 'status'),
  one('notes-may-be-lost', 'an order without its note is there', ' && each.note === write.note', ''),
  one('lines-may-change', 'an order with other lines is there', 'sameLines(each.lines, write.lines) && ', ''),
  one(
    'every-writer-must-agree',
    'an order is lost where one of two regions took other lines',
    'foldOrder(items)?.reservations.some((each) => sameLines',
    'foldOrder(items)?.reservations.every((each) => sameLines',
  ),
  one('payments-by-prefix', 'a payment with another amount is there', "&& numberOf(item, 'amount') === write.amount", ''),
  one('any-payment-will-do', 'another payment stands in for the one that is lost', 'item.sk.startsWith(`E#paid#${write.id}#`) && ', ''),
  one(
    'receipts-of-any-quantity',
    'a receipt with another quantity is there',
    " &&\n          numberOf(item, 'quantity') === write.quantity",
    '',
  ),
  one('a-booking-is-no-receipt', 'what is booked is called lost', ' || item.sk.startsWith(`BOOKED#${write.id}#`)', ''),
  one('shipped-by-anybody', 'a shipment that its region forgot is there', ' && regionOf(by) === write.region', ''),
  one('any-end-is-a-shipment', 'an order that was cancelled was shipped', "kind === 'shipped' && ", ''),
  one('any-wish-will-do', 'another cancellation stands in for the one that is lost', '`E#cancel#${write.id}#`', "'E#cancel#'"),
  one(
    'edits-may-say-anything',
    'an edit with another value is there',
    "textOf(item, 'value') === canonical(editValue(write.key)) &&\n          ",
    '',
  ),
  one(
    'edits-of-anything',
    'an edit of other versions is there',
    " &&\n          isDeepStrictEqual(item['parents'], write.parents.toSorted())",
    '',
  ),
  one('oversold-by-bookings-alone', 'a row below zero is fine', ', ...held.map((each) => -each.available)', ''),
  one('oversold-by-rows-alone', 'more may be sold than was ever booked', 'sold - sum(booked.values()), ', ''),
  one(
    'a-receipt-booked-twice-is-two',
    'what two regions booked under one receipt may be sold twice',
    ".map((item) => [item.sk.split('#')[1],",
    '.map((item) => [item.sk,',
  ),
  one(
    'lost-where-one-lacks-it',
    'what is only late is called lost for good',
    'regions.every((region) => missing',
    'regions.some((region) => missing',
  ),
  one(
    'held-twice-is-fine',
    'two regions may hold stock for one order',
    'filter(holdsStock).length ?? 0) > 1',
    'filter(holdsStock).length ?? 0) > 2',
  ),
  one('ended-reservations-hold-stock', 'an order that was superseded is held twice', '.filter(holdsStock)', ''),
  one('one-key-two-ids', 'a request that was done twice is fine', '.size > 1)', '.size > 2)'),
  one(
    'the-last-view-counts',
    'what one region oversold is forgotten for what another did not',
    'Math.max(units, oversold.get(sku) ?? 0)',
    'Math.min(units, oversold.get(sku) ?? units)',
  ),
  settling('missing-counts-the-lost', 'what is lost for good is also called late', '.filter((write) => !lost.includes(write))', ''),
  settling('agreed-though-held-twice', 'regions agree while an order is held twice', ' && found.duplicates.length === 0', ''),
  settling(
    'oversold-in-one-sku',
    'only the first oversold sku counts',
    '[...comparison.oversold.values()].reduce((sum, units) => sum + units, 0)',
    '[...comparison.oversold.values()][1] ?? 0',
  ),
  settling('age-by-the-wrong-end', 'a lost write is as old as the fault is after it', 'ageMs: faultMs - ackMs', 'ageMs: ackMs - faultMs'),
  settling('held-twice-is-not-read-again', 'what is held twice is not waited for', ', ...duplicates]);', ']);'),
  settling('lost-at-second-sight', 'a write that is still in a queue is called lost', 'const EQUAL_ENOUGH = 5', 'const EQUAL_ENOUGH = 1'),
];
