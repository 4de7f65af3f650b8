-- Ids compare by code point (collate "C"): pages are ordered by them, in every database alike.

create table categories (
    id text collate "C" primary key,
    parent_id text collate "C" references categories,
    path text[] not null, -- from the root to the category itself
    position bigint generated always as identity, -- order among siblings
    name text not null,
    translations json not null,
    root_label text not null, -- its root as metrics name it: one of the first 20, else _OTHER
    own_products integer not null default 0, -- active products in this very category, kept in the writing transaction
    version integer not null default 1
);
create index categories_path on categories using gin (path);
create index categories_parent on categories (parent_id);

create table products (
    id text collate "C" primary key, -- of a deleted product too: an id is never used again
    sku text collate "C" constraint products_sku unique, -- null once deleted: an SKU is free again
    name text not null,
    description text not null,
    price integer not null,
    category_id text collate "C" references categories, -- null once deleted
    status text not null check (status in ('draft', 'active', 'archived', 'deleted')),
    attributes json not null,
    translations json not null,
    rating_sum integer not null default 0,
    rating_count integer not null default 0,
    stock_status text, -- inventory's word, null until there was one
    stock_version bigint not null default 0, -- of the stock that stock_status is a copy of
    version integer not null, -- of what an admin changed; stock and rating change without it
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- What clients are shown, made once when it is written: a page is a concatenation.
    json_ja bytea not null,
    json_en bytea not null,
    newest bigint not null generated always as (-(extract(epoch from created_at at time zone 'UTC') * 1000)::bigint) stored,
    rating double precision not null
        generated always as (case when rating_count > 0 then rating_sum::double precision / rating_count else 0 end) stored,
    constraint deleted_keeps_its_id_only check ((status = 'deleted') = (sku is null) and (status = 'deleted') = (category_id is null))
);
-- One index per order of a list, of everything and of a category. All ascend, so that `(key, id) > (...)` is a range of
-- the index whatever the ties; price stands behind where it is a filter only.
create index products_newest on products (status, newest, id, price);
create index products_cheapest on products (status, price, id);
create index products_dearest on products (status, (-price), id);
create index products_best on products (status, (-rating), id, price);
create index products_newest_of_category on products (category_id, status, newest, id, price);
create index products_cheapest_of_category on products (category_id, status, price, id);
create index products_dearest_of_category on products (category_id, status, (-price), id);
create index products_best_of_category on products (category_id, status, (-rating), id, price);

-- What the search index has to read again. `transaction` lets a reader stop before what is not committed yet: sequence
-- numbers are given out in another order than they become visible.
create table product_changes (
    seq bigint generated always as identity primary key,
    product_id text collate "C" not null,
    transaction xid8 not null default pg_current_xact_id()
);

create table images (
    id text collate "C" primary key,
    product_id text collate "C" not null references products,
    status text not null check (status in ('pending', 'ready', 'failed')),
    error text,
    folder text not null, -- S3 has <folder>/original, <folder>/medium and <folder>/small
    content_type text not null,
    width integer,
    height integer,
    created_at timestamptz not null
);
create index images_product on images (product_id, created_at, id);

create table reviews (
    id text collate "C" primary key,
    product_id text collate "C" not null references products,
    user_id text collate "C" not null,
    author text not null,
    rating integer not null check (rating between 1 and 5),
    title text not null,
    body text not null,
    created_at timestamptz not null,
    newest bigint not null generated always as (-(extract(epoch from created_at at time zone 'UTC') * 1000)::bigint) stored,
    constraint reviews_one_per_customer unique (product_id, user_id)
);
create index reviews_newest on reviews (product_id, newest, id);
