-- Express copies come as notifications (docs/decisions/0050).

-- The channel on which a consumer hears them; null while it doesn't.
ALTER TABLE messaging.workers ADD COLUMN express text;
