CREATE TABLE t (
    id INT AUTO_INCREMENT PRIMARY KEY, a INT, b INT, c INT, d DECIMAL(10,2), s VARCHAR(50), u VARCHAR(50), j JSON, dt DATETIME, bo TINYINT(1), y DATE,
    CONSTRAINT c01 CHECK (a > 0 and (b > 0 or c > 0)),
    CONSTRAINT c02 CHECK ((a > 0 and b > 0) or c > 0),
    CONSTRAINT c03 CHECK (a - (b - c) > 0),
    CONSTRAINT c04 CHECK ((a - b) - c > 0),
    CONSTRAINT c05 CHECK (a * (b + c) > 0),
    CONSTRAINT c06 CHECK (not (a > 0)),
    CONSTRAINT c07 CHECK (not (a > 0 and b > 0)),
    CONSTRAINT c08 CHECK (s not like 'a%'),
    CONSTRAINT c09 CHECK (s like 'a!%' escape '!'),
    CONSTRAINT c10 CHECK (s not in ('a','b')),
    CONSTRAINT c11 CHECK (s is not null),
    CONSTRAINT c12 CHECK (a between 1 and 10),
    CONSTRAINT c13 CHECK (a not between 1 and 10),
    CONSTRAINT c14 CHECK (s regexp '^a'),
    CONSTRAINT c15 CHECK (s not regexp '^a'),
    CONSTRAINT c16 CHECK (case when a > 0 then b else c end > 0),
    CONSTRAINT c17 CHECK (case a when 1 then b end > 0),
    CONSTRAINT c18 CHECK (if(a > 0, b, c) > 0),
    CONSTRAINT c19 CHECK (coalesce(a, b, 0) + ifnull(c, 1) > 0),
    CONSTRAINT c20 CHECK (length(s) > 0 and char_length(trim(s)) > 0 and lower(s) = s and upper(s) <> s),
    CONSTRAINT c21 CHECK (json_unquote(json_extract(j, '$.a')) = 'x'),
    CONSTRAINT c22 CHECK (dt > '2020-01-01' + interval 1 day),
    CONSTRAINT c23 CHECK (date_add(dt, interval 1 month) > dt),
    CONSTRAINT c24 CHECK (dt >= timestamp '2020-01-01 00:00:00'),
    CONSTRAINT c26 CHECK (not bo),
    CONSTRAINT c27 CHECK (bo = true),
    CONSTRAINT c28 CHECK (bo is true),
    CONSTRAINT c29 CHECK (a % 2 = 0),
    CONSTRAINT c30 CHECK (a div 2 = 0),
    CONSTRAINT c31 CHECK (-a < 0 and -(a + b) < 0),
    CONSTRAINT c32 CHECK (a | b > 0),
    CONSTRAINT c33 CHECK ((a & b) ^ c > 0),
    CONSTRAINT c34 CHECK (cast(s as signed) > 0),
    CONSTRAINT c36 CHECK (concat(s, '-', a) <> 'it''s'),
    CONSTRAINT c37 CHECK (a <=> b),
    CONSTRAINT c38 CHECK (s collate utf8mb4_bin = 'a'),
    CONSTRAINT c39 CHECK (a > 0 xor b > 0),
    CONSTRAINT c40 CHECK (year(y) > 2000 and month(y) = 1 and dayofmonth(y) = 2),
    CONSTRAINT c41 CHECK (substring(s, 1, 3) = 'abc' and left(s,1) = 'a' and replace(s,'a','b') <> ''),
    CONSTRAINT c42 CHECK (locate('@', s) > 1),
    CONSTRAINT c43 CHECK ((a > 0) = (b > 0)),
    CONSTRAINT c44 CHECK (a in (1,2) or b is null),
    CONSTRAINT c45 CHECK (a > 0 and b > 0 and c > 0 and d > 0),
    CONSTRAINT c46 CHECK (mod(a, 2) = 0),
    CONSTRAINT c47 CHECK (s <> '' and s != 'x'),
    CONSTRAINT c48 CHECK (round(d, 2) = d and abs(a) > 1 and floor(d) = 1 and greatest(a,b) > 0 and least(a,b) < 9),
    CONSTRAINT c49 CHECK (nullif(a, 0) is null),
    CONSTRAINT c50 CHECK (datediff(dt, y) > 0 and date(dt) = y and timestampdiff(year, y, dt) > 3),
    CONSTRAINT c52 CHECK (json_valid(u)),
    CONSTRAINT c53 CHECK (json_length(j) > 0 and json_contains(j, '1', '$.x')),
    CONSTRAINT c55 CHECK (not (s like 'a' or s like 'b')),
    CONSTRAINT c56 CHECK (a / b > 1.50),
    CONSTRAINT c58 CHECK (not (a is null)),
    CONSTRAINT c59 CHECK (not (a = b) and not (a < b)),
    CONSTRAINT c60 CHECK ((a is null) = (b is null)),
    CONSTRAINT c61 CHECK ((a is null) + (b is null) = 1),
    CONSTRAINT c62 CHECK (a << 2 > 1),
    CONSTRAINT c63 CHECK (d >= 0.00 and d <= 1e3),
    CONSTRAINT c64 CHECK (position('a' in s) = 1 and instr(s,'a')=1),
    CONSTRAINT c65 CHECK (a = 1 or a = 2 or a = 3 and b = 1),
    CONSTRAINT c66 CHECK (s in ('a') or a in (1)),
    CONSTRAINT c67 CHECK (~a > 0 and !bo),
    CONSTRAINT c68 CHECK (pow(a,2) > 1 and sqrt(a) > 1 and sign(a) = 1),
    CONSTRAINT c70 CHECK (a > -1 and a >= - 5.5)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE kinds (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    d01 INT NOT NULL DEFAULT -3, d02 TINYINT(1) NOT NULL DEFAULT TRUE, d03 DECIMAL(10,2) UNSIGNED DEFAULT 1.5, d04 FLOAT DEFAULT 1.5, d05 DOUBLE DEFAULT 0.25,
    d06 VARCHAR(50) DEFAULT 'it''s \\ "ü" 日本', d07 VARCHAR(50) NOT NULL DEFAULT '', d08 VARCHAR(50) DEFAULT '5', d09 VARCHAR(50) DEFAULT 'CURRENT_TIMESTAMP',
    d10 TEXT DEFAULT ('none'), d11 JSON DEFAULT ('[]'), d12 TEXT DEFAULT ('it''s ü \\'), d13 CHAR(36) NOT NULL DEFAULT (UUID()), d14 ENUM('a', 'it''s', 'ü') NOT NULL DEFAULT 'it''s',
    d15 DATE DEFAULT '2020-01-31', d16 DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), d17 TIMESTAMP NULL DEFAULT NULL,
    d18 TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, d19 TIME DEFAULT '10:00:00', d20 YEAR DEFAULT 2020, d21 VARBINARY(20) DEFAULT 'abc', d22 BINARY(3) DEFAULT 'abc',
    d23 VARCHAR(50) DEFAULT (CONCAT('a', 'ü')), d24 DATE DEFAULT (CURDATE()), d25 INT DEFAULT (1 + 2 * 3), d26 SMALLINT UNSIGNED NULL, d27 MEDIUMTEXT, d28 LONGBLOB, d29 BOOLEAN DEFAULT FALSE,
    d30 VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin DEFAULT 'x', d31 CHAR(2) COLLATE utf8mb4_bin NOT NULL DEFAULT 'DE', d32 BIGINT DEFAULT 9000000000, d33 DATETIME DEFAULT '2020-01-01 00:00:00',
    g01 VARCHAR(120) GENERATED ALWAYS AS (CONCAT(d06, ' - ', 'ü''s', id0)) STORED COMMENT 'It''s ü', id0 INT NOT NULL DEFAULT 1,
    g02 INT GENERATED ALWAYS AS (id0 * (d01 + 2)) VIRTUAL, g03 TINYINT GENERATED ALWAYS AS (IF(d17 IS NULL, 1, NULL)) STORED, g04 VARCHAR(60) GENERATED ALWAYS AS (LOWER(d06)) VIRTUAL,
    g05 VARCHAR(20) GENERATED ALWAYS AS (CASE WHEN d01 > 0 AND d32 > 0 OR d20 = 2020 THEN 'ja' ELSE 'nein' END) VIRTUAL,
    INDEX by_text (d06(10), d01 DESC), UNIQUE INDEX one (g03, d13), INDEX by_kind (d14)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='It''s \\ "ü"';
CREATE TABLE kids (
    id INT PRIMARY KEY, kind_id BIGINT UNSIGNED, t_id INT NOT NULL,
    CONSTRAINT of_kind FOREIGN KEY (kind_id) REFERENCES kinds (id) ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT of_t FOREIGN KEY (t_id) REFERENCES t (id) ON DELETE CASCADE,
    CONSTRAINT letters CHECK (id > 0 AND 'ü''s \\' <> 'x')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TRIGGER counted BEFORE INSERT ON kids FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE sql security invoker view v1 as select a, b + c * 2 as x, (b + c) * 2 as y, case when a > 0 then 'pos' else 'neg' end as k, count(*) as n, sum(d) as sd from t where a > 0 and (b > 0 or c is not null) group by a, b, c having count(*) > 1 and sum(d) > 2 order by a desc limit 5;
CREATE sql security invoker view v2 as select t.a, o.b from t join t o on o.a = t.a left join t p on p.a = o.a and p.b > 1 where t.s like 'a%' and t.a in (select b from t where c > 1);
CREATE sql security invoker view v4 as select distinct s, concat(s, 'ü', u) as w, date_format(dt, '%Y') as yy, coalesce(s, 'it''s') as q from t x where not exists (select 1 from t) order by s;
CREATE sql security invoker view v5 as select a, row_number() over (partition by b order by c desc) as r, sum(a) over (order by b) as ss from t;
CREATE sql security invoker view v6 as with q as (select a from t) select q.a, (select max(b) from t) as m from q;
CREATE sql security invoker view v8 as select a from (select a, b from t where a > 1) sub where b between 1 and 3 and not (a = 3);
CREATE sql security invoker view v9 as select count(distinct a) as c, group_concat(s order by s separator ', ') as g, json_unquote(json_extract(j, '$.a')) as ja, if(a, 1, null) as i, cast(a as decimal(10,2)) as ca, cast(s as char(10)) as cc, a is null as n, not a as nn, - a as neg, dt + interval 3 day as later, curdate() as cd, now() as nw from t t2 cross join (select 1 as one) k group by t2.a;
CREATE sql security invoker view w2 as select a from t natural join (select a as aa from t) q;
CREATE sql security invoker view w3 as select * from t where a > 0 with cascaded check option;
CREATE sql security invoker view w4 as select t.a, o.b from t join t o using (a) right join t p on p.a = 1;
