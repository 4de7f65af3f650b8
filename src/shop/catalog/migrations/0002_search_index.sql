-- What the search indexes need to follow the changes: each catalog process has one of its own.

-- Whether a change took a product out of the shop: what an index has not yet seen of these must not be found by it.
alter table product_changes add column hides boolean not null default false;
create index product_changes_followed on product_changes (transaction, seq);
create index product_changes_hiding on product_changes (transaction) where hides;

-- The name of this database: an index of another one is of no use.
create table search_source (
    id uuid not null default gen_random_uuid(),
    only_row boolean primary key default true check (only_row)
);
insert into search_source default values;

-- Demands to build the indexes anew: every process meets each.
create table search_rebuilds (
    seq bigint generated always as identity primary key,
    demanded_at timestamptz not null default now()
);
