CREATE TRIGGER told AFTER INSERT ON teams BEGIN INSERT INTO changes (text) VALUES ('A new team: ' || NEW.title); END;
