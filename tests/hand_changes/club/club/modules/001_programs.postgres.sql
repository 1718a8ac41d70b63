CREATE FUNCTION twice(number integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT number * 2';
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO changes (text) VALUES ('A new team: ' || NEW.title); RETURN NEW; END $$;
CREATE TRIGGER told AFTER INSERT ON teams FOR EACH ROW EXECUTE FUNCTION tell();
