-- Times are ns since 1970, minutes those since 1970. `batch` numbers the transactions that wrote spans and points.
create table if not exists spans (
    batch bigint, start bigint, duration bigint, trace_hi ubigint, trace_lo ubigint, span_id ubigint, parent_id ubigint,
    service varchar, name varchar, kind utinyint, status utinyint, message varchar, peer_kind varchar, peer varchar,
    resource ubigint, scope varchar, attributes varchar, events varchar, links varchar
);
-- Without a value and a histogram it says that the series has ended.
create table if not exists points (
    series ubigint, start bigint, time bigint, value double, histogram varchar, batch bigint default 0
);
alter table points add column if not exists batch bigint default 0; -- a file of before
create table if not exists exemplars (
    series ubigint, time bigint, value double, trace_hi ubigint, trace_lo ubigint, span_id ubigint
);
create sequence if not exists log_ids;
create table if not exists logs (
    id bigint default nextval('log_ids'), time bigint, ingested bigint, uid ubigint, message varchar, log varchar,
    fields varchar, stream varchar, event varchar, trace_hi ubigint, trace_lo ubigint, span_id ubigint,
    route varchar, duration double
);
alter table logs add column if not exists route varchar; -- a file of before
alter table logs add column if not exists duration double;
create table if not exists resources (id ubigint primary key, attributes varchar);
create table if not exists series (
    id ubigint primary key, name varchar, kind varchar, temporality varchar, unit varchar, brief varchar,
    resource ubigint, scope varchar, attributes varchar
);
-- Rollups. `bucket` is floor(16 * log2(duration)): 4.4 % wide.
create table if not exists red (
    minute integer, service varchar, name varchar, kind utinyint, error boolean, bucket smallint, n bigint
);
create table if not exists edges (
    minute integer, from_kind varchar, from_name varchar, to_kind varchar, to_name varchar, error boolean,
    bucket smallint, n bigint
);
create table if not exists stretches (trace_hi ubigint, trace_lo ubigint, begun bigint, ended bigint); -- of a trace, parts
-- Histograms of delta series, those that end in (minute, minute + 1] merged: `counts` are of the buckets at `places`.
create table if not exists minutes (
    series ubigint, minute integer, scale integer, start bigint, time bigint, n bigint, total double, zeros bigint,
    least double, greatest double, places bigint[], counts bigint[], odd boolean
);
-- journal: the last file of the receiver's journal that is in here; rolled: the last batch whose spans are in the
-- rollups; pieced: the last one whose histograms are in the minutes.
create table if not exists state (journal bigint, batch bigint, rolled bigint, pieced bigint default -1);
alter table state add column if not exists pieced bigint default -1;
insert into state select 0, 0, 0, -1 where not exists (from state);
create table if not exists mails (
    id varchar primary key, sent bigint, sender varchar, recipients varchar, subject varchar, text varchar, html varchar
);
create table if not exists events (
    id varchar primary key, time bigint, source varchar, type varchar, correlation_id varchar, detail varchar
);
create table if not exists alarms (id varchar primary key, state varchar, since bigint);
create or replace view lines as
    select time, message, log, coalesce(fields, message) as fields, event, stream, ingested, id, trace_lo as trace,
        route, duration from logs;
