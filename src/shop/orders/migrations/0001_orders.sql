-- Ids compare by code point (collate "C"): they sort by the time of their making, and pages are ordered by them.

-- What catalog says of its products, by its events: names and prices of carts. A product that is gone stays, not on sale:
-- a late word about it must not bring it back, and carts may still show its line.
create table products (
    id text collate "C" primary key,
    sku text not null,
    name text not null,
    name_en text,
    price integer not null,
    category_id text not null,
    on_sale boolean not null,
    version bigint not null -- catalog's; an older word is ignored
);

create table carts (
    user_id text collate "C" primary key,
    version integer not null default 0,
    lines integer not null default 0,
    updated_at timestamptz not null,
    abandoned_at timestamptz -- the next change begins a new cart, as far as anybody counts
);
create index carts_left_alone on carts (updated_at) where lines > 0 and abandoned_at is null;

create table cart_lines (
    item_id text collate "C" primary key,
    user_id text collate "C" not null references carts,
    product_id text collate "C" not null references products,
    quantity integer not null check (quantity between 1 and 99),
    constraint cart_lines_one_per_product unique (user_id, product_id)
);

-- The truth about an order: append only. The key is the lock: of two writers the slower one fails and starts over.
create table order_events (
    order_id text collate "C" not null,
    seq integer not null,
    type text not null,
    data text not null, -- merge patch (RFC 7396) from the order before to the order after
    occurred_at timestamptz not null,
    trace_id text not null,
    constraint order_events_key primary key (order_id, seq)
);

-- Read rows: nothing is here that the events do not give. `shop orders rebuild` makes them anew.
create table orders (
    id text collate "C" primary key,
    user_id text collate "C" not null,
    status text not null,
    version integer not null,
    at_rest boolean not null, -- nothing more is to come by itself
    moved_at timestamptz not null, -- of the last event
    body text not null -- the Order, as GET shows it
);
create index orders_of_user on orders (user_id, id);
create index orders_of_user_by_status on orders (user_id, status, id);
create index orders_moving on orders (moved_at) where not at_rest;

-- What the sweeper has asked for a second time.
create table nudges (
    order_id text collate "C" primary key,
    times integer not null,
    last_at timestamptz not null
);

-- How an order is paid. A try is counted before it is made; `holder` makes it until `held_until`.
create table payments (
    order_id text collate "C" primary key,
    token text not null,
    amount bigint not null,
    tries integer not null default 0,
    holder text,
    held_until timestamptz
);

-- First answers of POST /orders, kept for 24 hours.
create table idempotency (
    user_id text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    order_id text not null,
    answer bytea not null,
    created_at timestamptz not null default now(),
    primary key (user_id, key)
);
create index idempotency_by_age on idempotency (created_at);

-- The books of the simulated payment provider: not ours to read, except by asking it.
create table provider_charges (
    key text collate "C" primary key, -- idempotency key of who charges
    token text not null,
    amount bigint not null,
    attempts integer not null default 0,
    state text not null check (state in ('OPEN', 'CAPTURED', 'DECLINED', 'REFUNDED', 'VOIDED')),
    reference text not null,
    reason text
);
create table provider_ledger (
    id bigint generated always as identity primary key,
    key text collate "C" not null references provider_charges,
    kind text not null check (kind in ('AUTHORISATION', 'CAPTURE', 'DECLINE', 'REFUND', 'VOID')),
    amount bigint not null,
    at timestamptz not null default now()
);
create index provider_ledger_by_key on provider_ledger (key);
