CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO "alembic_version" VALUES('0014');

CREATE TABLE api_keys (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	name TEXT, 
	hint TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	created_at BIGINT NOT NULL, 
	revoked_at BIGINT, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id), 
	CONSTRAINT uq_api_keys_digest UNIQUE (digest), 
	CONSTRAINT fk_api_keys_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE audit_entries (
	organization_id TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	id TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	workspace_id TEXT, 
	principal TEXT NOT NULL, 
	action TEXT NOT NULL, 
	target TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	reason TEXT, 
	facts TEXT NOT NULL, 
	session_id TEXT, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_audit_entries PRIMARY KEY (organization_id, sequence)
);

CREATE TABLE audit_heads (
	organization_id TEXT NOT NULL, 
	entries BIGINT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_audit_heads PRIMARY KEY (organization_id)
);

CREATE TABLE authorizations (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	vault_id TEXT NOT NULL, 
	opened_by TEXT NOT NULL, 
	flow TEXT NOT NULL, 
	mcp_server_url TEXT NOT NULL, 
	standing TEXT NOT NULL, 
	credential_id TEXT, 
	problem TEXT, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	state BLOB, 
	sealed BLOB, 
	ask_at BIGINT, 
	ask_every BIGINT, 
	CONSTRAINT pk_authorizations PRIMARY KEY (id), 
	CONSTRAINT fk_authorizations_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_authorizations_state UNIQUE (state)
);

CREATE TABLE change_counter (
	id INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	CONSTRAINT pk_change_counter PRIMARY KEY (id)
);

INSERT INTO "change_counter" VALUES(1,0);

CREATE TABLE changes (
	sequence BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	subject TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	subject_id TEXT NOT NULL, 
	vault_id TEXT, 
	CONSTRAINT pk_changes PRIMARY KEY (sequence)
);

CREATE TABLE connections (
	credential_id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	name_key TEXT NOT NULL, 
	key_last4 TEXT, 
	secret_version BIGINT NOT NULL, 
	role_trust TEXT, 
	attribution TEXT NOT NULL, 
	CONSTRAINT pk_connections PRIMARY KEY (credential_id), 
	CONSTRAINT fk_connections_credential_id FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE CASCADE
);

CREATE TABLE credentials (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	vault_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	details TEXT NOT NULL, 
	unique_key TEXT NOT NULL, 
	display_name TEXT, 
	metadata TEXT NOT NULL, 
	networking TEXT NOT NULL, 
	surfaces TEXT NOT NULL, 
	placeholder TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	archived_at BIGINT, 
	custodian TEXT, 
	receipt BLOB, 
	custody_revision BIGINT, kept_with TEXT DEFAULT 'strongroom' NOT NULL, 
	CONSTRAINT pk_credentials PRIMARY KEY (id), 
	CONSTRAINT fk_credentials_vault_id FOREIGN KEY(vault_id) REFERENCES vaults (id)
);

CREATE TABLE custody_items (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	credential_id TEXT NOT NULL, 
	custodian TEXT NOT NULL, 
	reference TEXT, 
	standing TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	due_at BIGINT, 
	attempts BIGINT NOT NULL, 
	problem TEXT, 
	CONSTRAINT pk_custody_items PRIMARY KEY (id)
);

CREATE TABLE environments (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT, 
	config TEXT NOT NULL, 
	metadata TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	archived_at BIGINT, stray_placeholders TEXT DEFAULT 'report' NOT NULL, 
	CONSTRAINT pk_environments PRIMARY KEY (id), 
	CONSTRAINT fk_environments_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE fill_tokens (
	digest BLOB NOT NULL, 
	workspace_id TEXT NOT NULL, 
	session_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_fill_tokens PRIMARY KEY (digest), 
	CONSTRAINT fk_fill_tokens_session_id FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);

CREATE TABLE fills (
	digest BLOB NOT NULL, 
	session_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	vault_id TEXT NOT NULL, 
	credential_id TEXT NOT NULL, 
	field TEXT NOT NULL, 
	site TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	redeemed_at BIGINT, 
	step BIGINT, 
	CONSTRAINT pk_fills PRIMARY KEY (digest), 
	CONSTRAINT fk_fills_session_id FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);

CREATE TABLE folders (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	description TEXT, 
	search TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	modified_at BIGINT NOT NULL, 
	CONSTRAINT pk_folders PRIMARY KEY (id), 
	CONSTRAINT fk_folders_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE gateway_keys (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	key_prefix TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	created_by_user_id TEXT NOT NULL, 
	user_id TEXT, 
	user_email TEXT, 
	group_name TEXT, 
	scopes TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	disabled_at BIGINT, 
	revoked_at BIGINT, 
	last_used_at BIGINT, tokens_per_day BIGINT, tokens_per_month BIGINT, 
	CONSTRAINT pk_gateway_keys PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_keys_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT uq_gateway_keys_digest UNIQUE (digest)
);

CREATE TABLE llm_days (
	workspace_id TEXT NOT NULL, 
	day BIGINT NOT NULL, 
	key_id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	connection_id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	requests BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	untold BIGINT NOT NULL, 
	input BIGINT NOT NULL, 
	output BIGINT NOT NULL, 
	cached BIGINT NOT NULL, 
	cache_write BIGINT NOT NULL, 
	charged BIGINT NOT NULL, 
	CONSTRAINT pk_llm_days PRIMARY KEY (workspace_id, day, key_id, model, connection_id)
);

CREATE TABLE llm_uses (
	workspace_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	key_id TEXT NOT NULL, 
	user_id TEXT, 
	group_name TEXT, 
	operation TEXT NOT NULL, 
	requested_model TEXT, 
	provider_id TEXT, 
	connection_id TEXT, 
	secret_version BIGINT, 
	upstream_model TEXT, 
	attempts TEXT NOT NULL, 
	status BIGINT NOT NULL, 
	code TEXT, 
	ttfb_ms BIGINT, 
	total_ms BIGINT NOT NULL, 
	is_stream BOOLEAN NOT NULL, 
	events BIGINT NOT NULL, 
	input BIGINT, 
	output BIGINT, 
	cached BIGINT, 
	cache_write BIGINT, 
	bytes_in BIGINT NOT NULL, 
	bytes_out BIGINT NOT NULL, 
	finish TEXT NOT NULL, 
	CONSTRAINT pk_llm_uses PRIMARY KEY (workspace_id, created_at, id)
);

CREATE TABLE logins (
	credential_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	folder_id TEXT, 
	search TEXT NOT NULL, 
	tested_url TEXT, 
	user_context TEXT, 
	save_browser_session BOOLEAN NOT NULL, 
	auto_profile_disabled BOOLEAN NOT NULL, 
	pin_saved_session_ip BOOLEAN NOT NULL, 
	proxy_location TEXT NOT NULL, 
	proxy_session TEXT, 
	CONSTRAINT pk_logins PRIMARY KEY (credential_id), 
	CONSTRAINT fk_logins_credential_id FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE CASCADE, 
	CONSTRAINT fk_logins_folder_id FOREIGN KEY(folder_id) REFERENCES folders (id) ON DELETE SET NULL
);

CREATE TABLE model_mappings (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	provider_id TEXT NOT NULL, 
	model_alias TEXT NOT NULL, 
	upstream_model TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	bare_alias BOOLEAN NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	priority BIGINT NOT NULL, 
	source TEXT NOT NULL, 
	request_timeout_secs BIGINT, 
	stream_idle_timeout_secs BIGINT, 
	patience TEXT NOT NULL, 
	attribution TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_model_mappings PRIMARY KEY (id), 
	CONSTRAINT fk_model_mappings_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id) ON DELETE CASCADE
);

CREATE TABLE organizations (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_at BIGINT NOT NULL, uuid TEXT DEFAULT 'none' NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id)
);

CREATE TABLE provider_items (
	namespace_vault_id TEXT NOT NULL, 
	credential_id TEXT NOT NULL, 
	opens_at BIGINT, 
	closes_at BIGINT, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_provider_items PRIMARY KEY (namespace_vault_id, credential_id), 
	CONSTRAINT fk_provider_items_namespace_vault_id FOREIGN KEY(namespace_vault_id) REFERENCES vaults (id) ON DELETE CASCADE, 
	CONSTRAINT fk_provider_items_credential_id FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE CASCADE
);

CREATE TABLE provider_namespaces (
	workspace_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	vault_id TEXT NOT NULL, 
	opened_by TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_provider_namespaces PRIMARY KEY (workspace_id, name), 
	CONSTRAINT fk_provider_namespaces_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT fk_provider_namespaces_vault_id FOREIGN KEY(vault_id) REFERENCES vaults (id) ON DELETE CASCADE
);

CREATE TABLE provider_settings (
	organization_id TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	id TEXT NOT NULL, 
	envelope BLOB NOT NULL, 
	created_at BIGINT NOT NULL, 
	modified_at BIGINT NOT NULL, 
	CONSTRAINT pk_provider_settings PRIMARY KEY (organization_id, provider)
);

CREATE TABLE provider_tokens (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	vault_id TEXT NOT NULL, 
	name TEXT, 
	hint TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	created_at BIGINT NOT NULL, 
	revoked_at BIGINT, 
	CONSTRAINT pk_provider_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_provider_tokens_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT fk_provider_tokens_vault_id FOREIGN KEY(vault_id) REFERENCES vaults (id) ON DELETE CASCADE, 
	CONSTRAINT uq_provider_tokens_digest UNIQUE (digest)
);

CREATE TABLE providers (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	name_key TEXT NOT NULL, 
	model_provider TEXT NOT NULL, 
	connection_id TEXT, 
	auth_type TEXT, 
	base_url TEXT, 
	settings TEXT NOT NULL, 
	mark BLOB NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	enforce_health_check BOOLEAN NOT NULL, 
	health_status TEXT NOT NULL, 
	health_checked_at BIGINT, 
	health_detail TEXT, 
	billing TEXT NOT NULL, 
	request_timeout_secs BIGINT, 
	stream_idle_timeout_secs BIGINT, 
	attribution TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT fk_providers_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id), 
	CONSTRAINT fk_providers_connection_id FOREIGN KEY(connection_id) REFERENCES connections (credential_id)
);

CREATE TABLE pushed_codes (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	identifier TEXT NOT NULL, 
	compared TEXT NOT NULL, 
	content BLOB, 
	code BLOB, 
	kind TEXT, 
	task_id TEXT, 
	workflow_id TEXT, 
	workflow_run_id TEXT, 
	source TEXT, 
	expired_at BIGINT, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_pushed_codes PRIMARY KEY (id), 
	CONSTRAINT fk_pushed_codes_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE refreshes (
	credential_id TEXT NOT NULL, 
	holder TEXT, 
	attempts BIGINT NOT NULL, 
	not_before BIGINT, 
	failed BIGINT, 
	renewed_at BIGINT, 
	rejections BIGINT NOT NULL, 
	CONSTRAINT pk_refreshes PRIMARY KEY (credential_id), 
	CONSTRAINT fk_refreshes_credential_id FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE CASCADE
);

CREATE TABLE refusals (
	session_id TEXT NOT NULL, 
	code TEXT NOT NULL, 
	host TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	times BIGINT NOT NULL, 
	first_at BIGINT NOT NULL, 
	last_at BIGINT NOT NULL, 
	CONSTRAINT pk_refusals PRIMARY KEY (session_id, code, host)
);

CREATE TABLE replies (
	"key" BLOB NOT NULL, 
	fingerprint BLOB NOT NULL, 
	claimed_at BIGINT NOT NULL, 
	sealed BLOB, 
	CONSTRAINT pk_replies PRIMARY KEY ("key")
);

CREATE TABLE sealed (
	name TEXT NOT NULL, 
	envelope BLOB NOT NULL, 
	CONSTRAINT pk_sealed PRIMARY KEY (name)
);

CREATE TABLE sessions (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	agent_id TEXT NOT NULL, 
	agent_version BIGINT NOT NULL, 
	agent TEXT NOT NULL, 
	environment_id TEXT NOT NULL, 
	vaults TEXT NOT NULL, 
	title TEXT, 
	metadata TEXT NOT NULL, 
	opened_by TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	archived_at BIGINT, 
	token_digest BLOB NOT NULL, 
	seed BLOB NOT NULL, mcp_tools TEXT DEFAULT '{}' NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT uq_sessions_token_digest UNIQUE (token_digest), 
	CONSTRAINT fk_sessions_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE sign_ins (
	id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	key_id TEXT NOT NULL, 
	client TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	words TEXT NOT NULL, 
	redirect_uri TEXT NOT NULL, 
	challenge TEXT NOT NULL, 
	nonce TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	code BLOB NOT NULL, 
	redeemed_at BIGINT, 
	refresh BLOB, 
	ended_at BIGINT, 
	CONSTRAINT pk_sign_ins PRIMARY KEY (id), 
	CONSTRAINT fk_sign_ins_key_id FOREIGN KEY(key_id) REFERENCES api_keys (id), 
	CONSTRAINT uq_sign_ins_code UNIQUE (code)
);

CREATE TABLE uses (
	session_id TEXT NOT NULL, 
	second BIGINT NOT NULL, 
	credential_id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	times BIGINT NOT NULL, 
	CONSTRAINT pk_uses PRIMARY KEY (session_id, second, credential_id, host)
);

CREATE TABLE vaults (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	metadata TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	archived_at BIGINT, purpose TEXT DEFAULT 'general' NOT NULL, home TEXT, 
	CONSTRAINT pk_vaults PRIMARY KEY (id), 
	CONSTRAINT fk_vaults_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE webhook_deliveries (
	webhook_id TEXT NOT NULL, 
	event_id TEXT NOT NULL, 
	event TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	attempts BIGINT NOT NULL, 
	due_at BIGINT, 
	status BIGINT, 
	error TEXT, 
	finished_at BIGINT, 
	CONSTRAINT pk_webhook_deliveries PRIMARY KEY (webhook_id, event_id), 
	CONSTRAINT fk_webhook_deliveries_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhooks (id)
);

CREATE TABLE webhooks (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	url TEXT NOT NULL, 
	events TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	revision BIGINT NOT NULL, 
	secret BLOB NOT NULL, 
	previous_secret BLOB, 
	previous_until BIGINT, 
	disabled_at BIGINT, 
	disabled_because TEXT, 
	failing_since BIGINT, 
	missed BIGINT NOT NULL, 
	CONSTRAINT pk_webhooks PRIMARY KEY (id), 
	CONSTRAINT fk_webhooks_workspace_id FOREIGN KEY(workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE workspaces (
	id TEXT NOT NULL, 
	organization_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (id), 
	CONSTRAINT fk_workspaces_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE INDEX ix_workspaces_organization_id ON workspaces (organization_id);

CREATE INDEX ix_api_keys_workspace_id ON api_keys (workspace_id);

CREATE INDEX ix_vaults_workspace_id_created_at_id ON vaults (workspace_id, created_at, id);

CREATE INDEX ix_credentials_vault_id_created_at_id ON credentials (vault_id, created_at, id);

CREATE UNIQUE INDEX ix_credentials_active_unique_key ON credentials (vault_id, unique_key) WHERE archived_at IS NULL;

CREATE INDEX ix_environments_workspace_id_created_at_id ON environments (workspace_id, created_at, id);

CREATE INDEX ix_sessions_environment_id ON sessions (environment_id);

CREATE INDEX ix_sessions_opened_by ON sessions (opened_by);

CREATE INDEX ix_sessions_workspace_id_created_at_id ON sessions (workspace_id, created_at, id);

CREATE INDEX ix_audit_entries_organization_id_session_id_sequence ON audit_entries (organization_id, session_id, sequence);

CREATE INDEX ix_replies_claimed_at ON replies (claimed_at);

CREATE INDEX ix_changes_at ON changes (at);

CREATE INDEX ix_webhooks_workspace_id_created_at_id ON webhooks (workspace_id, created_at, id);

CREATE INDEX ix_webhook_deliveries_due_at ON webhook_deliveries (due_at);

CREATE INDEX ix_webhook_deliveries_finished_at ON webhook_deliveries (finished_at);

CREATE INDEX ix_webhook_deliveries_webhook_id_due_at ON webhook_deliveries (webhook_id, due_at);

CREATE INDEX ix_webhook_deliveries_webhook_id_created_at ON webhook_deliveries (webhook_id, created_at);

CREATE INDEX ix_authorizations_workspace_id ON authorizations (workspace_id);

CREATE INDEX ix_authorizations_expires_at ON authorizations (expires_at);

CREATE UNIQUE INDEX ix_vaults_active_home ON vaults (workspace_id, home) WHERE archived_at IS NULL;

CREATE INDEX ix_folders_workspace_id_modified_at_id ON folders (workspace_id, modified_at, id);

CREATE INDEX ix_logins_folder_id ON logins (folder_id);

CREATE INDEX ix_logins_workspace_id_created_at_credential_id ON logins (workspace_id, created_at, credential_id);

CREATE INDEX ix_pushed_codes_created_at ON pushed_codes (created_at);

CREATE INDEX ix_pushed_codes_workspace_id_created_at_id ON pushed_codes (workspace_id, created_at, id);

CREATE INDEX ix_provider_namespaces_vault_id ON provider_namespaces (vault_id);

CREATE INDEX ix_provider_tokens_workspace_id ON provider_tokens (workspace_id);

CREATE INDEX ix_provider_tokens_vault_id ON provider_tokens (vault_id);

CREATE INDEX ix_provider_items_credential_id ON provider_items (credential_id);

CREATE INDEX ix_custody_items_credential_id ON custody_items (credential_id);

CREATE INDEX ix_custody_items_due_at ON custody_items (due_at);

CREATE UNIQUE INDEX ix_organizations_uuid ON organizations (uuid);

CREATE INDEX ix_connections_role_trust ON connections (role_trust);

CREATE UNIQUE INDEX ix_connections_workspace_id_name_key ON connections (workspace_id, name_key);

CREATE INDEX ix_providers_connection_id ON providers (connection_id);

CREATE UNIQUE INDEX ix_providers_workspace_id_name_key ON providers (workspace_id, name_key);

CREATE INDEX ix_model_mappings_workspace_id ON model_mappings (workspace_id);

CREATE UNIQUE INDEX ix_model_mappings_enablement ON model_mappings (provider_id, upstream_model) WHERE kind = 'model';

CREATE INDEX ix_gateway_keys_workspace_id ON gateway_keys (workspace_id);

CREATE INDEX ix_fill_tokens_session_id ON fill_tokens (session_id);

CREATE INDEX ix_fills_expires_at ON fills (expires_at);

CREATE INDEX ix_fills_session_id_expires_at ON fills (session_id, expires_at);

CREATE UNIQUE INDEX ix_fills_credential_id_step ON fills (credential_id, step);

CREATE INDEX ix_llm_uses_created_at ON llm_uses (created_at);

CREATE INDEX ix_llm_days_key_id_day ON llm_days (key_id, day);

CREATE INDEX ix_sign_ins_expires_at ON sign_ins (expires_at);
