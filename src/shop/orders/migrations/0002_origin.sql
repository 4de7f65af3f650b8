-- What began a thing: what only time brings about it later belongs to that trace, and is synthetic traffic where that was
-- (user_agent.synthetic.type). Null: nobody noted it, or people began it.
alter table carts add column synthetic text; -- of the last change: what is left behind is what that left
alter table order_events add column traceparent text, add column synthetic text;
