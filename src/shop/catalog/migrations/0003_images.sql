-- Folders and uploads in S3 that are to go, written in the transaction after which nobody shows them; a worker deletes the
-- objects, then the row.
create table image_removals (
    place text collate "C" primary key
);

create index images_unfinished on images (status, created_at) where status <> 'ready';
