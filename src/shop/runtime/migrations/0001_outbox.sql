-- Messages that are to leave, written in the transaction of what they announce and deleted once acknowledged: a row that
-- is here is unsent. `seq` orders the messages of one aggregate, whose writers wait for each other; between aggregates it
-- says nothing, since transactions commit in another order than they take numbers.
create table outbox (
    seq          bigint generated always as identity primary key,
    aggregate_id text not null,
    event_id     text not null unique,
    body         text not null,
    created_at   timestamptz not null default clock_timestamp(),
    tries        int not null default 0,
    retry_at     timestamptz not null default '-infinity'
);

create index outbox_by_aggregate on outbox (aggregate_id, seq);

-- Rows live for milliseconds: without this, dead ones would make the table large and its reading slow.
alter table outbox set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_threshold = -1
);

-- Messages that were handled here: a second one with the same id changes nothing.
create table inbox (
    event_id    text primary key,
    admitted_at timestamptz not null default now()
);

create index inbox_by_age on inbox (admitted_at);
