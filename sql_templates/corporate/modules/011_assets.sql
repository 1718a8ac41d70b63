-- Things that the company owns or rents, and who has them.

CREATE TABLE asset_categories (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    lifetime_months SMALLINT UNSIGNED NULL COMMENT 'After how long it is replaced; empty for no rule',
    sort_order INT NOT NULL DEFAULT 0 COMMENT 'Its place in the list; smaller comes first',

    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Kinds of assets, such as laptops and keys';

CREATE TABLE assets (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    asset_tag VARCHAR(50) NOT NULL COMMENT 'The number on the sticker',
    category_id BIGINT UNSIGNED NOT NULL,
    name VARCHAR(200) NOT NULL COMMENT 'What it is, such as ThinkPad T14',
    serial_number VARCHAR(100) NULL COMMENT 'The number that its maker gave it',
    supplier VARCHAR(200) NULL COMMENT 'Where it was bought',
    purchased_on DATE NULL,
    purchase_price DECIMAL(12, 2) NULL,
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    warranty_ends_on DATE NULL,
    location_id BIGINT UNSIGNED NULL COMMENT 'Where it is, while nobody has it',
    status ENUM('in_stock', 'in_use', 'in_repair', 'lost', 'retired') NOT NULL DEFAULT 'in_stock',
    retired_on DATE NULL COMMENT 'The day on which it was sold, given away or scrapped',
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_asset_tag (asset_tag),
    INDEX idx_serial_number (serial_number),
    INDEX idx_category_status (category_id, status),
    INDEX idx_location_status (location_id, status),
    INDEX idx_warranty_ends_on (warranty_ends_on),
    CONSTRAINT chk_assets_price CHECK (purchase_price >= 0),
    CONSTRAINT chk_assets_retired CHECK (retired_on >= purchased_on),
    CONSTRAINT fk_assets_category FOREIGN KEY (category_id) REFERENCES asset_categories(id) ON DELETE RESTRICT,
    CONSTRAINT fk_assets_location FOREIGN KEY (location_id) REFERENCES locations(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Laptops, phones, keys, cars and other things with a number';

CREATE TABLE asset_assignments (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    asset_id BIGINT UNSIGNED NOT NULL,
    employee_id BIGINT UNSIGNED NOT NULL,
    handed_out_on DATE NOT NULL,
    due_back_on DATE NULL COMMENT 'The day on which a loan ends; empty where there is no end',
    returned_on DATE NULL COMMENT 'Empty while the employee has it',
    held_asset_id BIGINT UNSIGNED GENERATED ALWAYS AS (CASE WHEN returned_on IS NULL THEN asset_id END) VIRTUAL COMMENT 'The asset while it is out: it can be with one employee only',
    notes VARCHAR(500) NULL COMMENT 'The state in which it was handed out and came back',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_held_asset (held_asset_id),
    INDEX idx_asset_handed_out (asset_id, handed_out_on),
    INDEX idx_employee_returned (employee_id, returned_on),
    INDEX idx_returned_due (returned_on, due_back_on),
    CONSTRAINT chk_asset_assignments_returned CHECK (returned_on >= handed_out_on),
    CONSTRAINT fk_asset_assignments_asset FOREIGN KEY (asset_id) REFERENCES assets(id) ON DELETE RESTRICT,
    CONSTRAINT fk_asset_assignments_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who has which asset, and had it before';
