-- Contracts that cover an asset.

CREATE TABLE asset_contracts (
    asset_id BIGINT UNSIGNED NOT NULL,
    contract_id BIGINT UNSIGNED NOT NULL,
    covers ENUM('lease', 'maintenance', 'insurance', 'licence') NOT NULL DEFAULT 'maintenance' COMMENT 'What the contract does for the asset',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (asset_id, contract_id),
    INDEX idx_contract_id (contract_id),
    CONSTRAINT fk_asset_contracts_asset FOREIGN KEY (asset_id) REFERENCES assets(id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_contracts_contract FOREIGN KEY (contract_id) REFERENCES contracts(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Which contract covers which asset';
