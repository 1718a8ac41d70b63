CREATE FUNCTION twice(number integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT number * 2';
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO changes (text) VALUES ('A new team: ' || NEW.title); RETURN NEW; END $$;
CREATE TRIGGER told AFTER INSERT ON teams FOR EACH ROW EXECUTE FUNCTION tell();
CREATE SEQUENCE tickets;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN short_text AS varchar(20) CHECK (VALUE <> '');
CREATE MATERIALIZED VIEW colours AS SELECT 'red'::text AS name;
CREATE UNIQUE INDEX colours_name ON colours (name);
