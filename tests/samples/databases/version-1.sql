BEGIN TRANSACTION;
CREATE TABLE asset (
	hash VARCHAR(32) NOT NULL, 
	data BLOB NOT NULL, 
	PRIMARY KEY (hash)
);
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	batch_id INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	token VARCHAR(32) NOT NULL, 
	started DATETIME NOT NULL, 
	finished DATETIME, 
	outcome VARCHAR(10) NOT NULL, 
	error TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(batch_id) REFERENCES batch (id) ON DELETE CASCADE
);
INSERT INTO "attempt" VALUES(1,1,1,'66553dc41c78414883e30efa43e301f0','2026-11-13 09:00:00.095559','2026-11-13 09:00:00.101542','sent','');
INSERT INTO "attempt" VALUES(2,2,1,'164ec2c4c0fa4b5d9b108b9cde5feed4','2026-11-13 09:00:00.113081',NULL,'','');
CREATE TABLE batch (
	id INTEGER NOT NULL, 
	campaign_id VARCHAR(32) NOT NULL, 
	edition_id INTEGER NOT NULL, 
	provider VARCHAR(80) NOT NULL, 
	due_at DATETIME NOT NULL, 
	n INTEGER NOT NULL, 
	failed INTEGER NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	"key" VARCHAR(32) NOT NULL, 
	token VARCHAR(32) NOT NULL, 
	lease_until DATETIME, 
	attempts INTEGER NOT NULL, 
	unknowns INTEGER NOT NULL, 
	next_try DATETIME, 
	body_hash VARCHAR(32) NOT NULL, 
	doubt_since DATETIME, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(campaign_id) REFERENCES campaign (id) ON DELETE CASCADE, 
	FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE CASCADE
);
INSERT INTO "batch" VALUES(1,'661416dd5dcd4799b139b6f5fd29b07e',1,'scripted','2026-11-13 09:00:00.049027',4,1,'sent','45bb34f1a67dba07b3d3fc6998b538ff','66553dc41c78414883e30efa43e301f0','2026-11-13 09:05:00.095559',1,0,NULL,'b',NULL,'');
INSERT INTO "batch" VALUES(2,'661416dd5dcd4799b139b6f5fd29b07e',1,'scripted','2026-11-13 09:00:00.049027',4,0,'inflight','595309729442326c998185472d49829c','164ec2c4c0fa4b5d9b108b9cde5feed4','2026-11-13 09:05:00.113081',1,0,NULL,'b',NULL,'');
INSERT INTO "batch" VALUES(3,'661416dd5dcd4799b139b6f5fd29b07e',1,'scripted','2026-11-13 09:00:00.049027',2,0,'claimed','5d7a72a675bac4148052712a04a9ba1c','7a43e7b0d6204b63b09b6979383d8810','2026-11-13 09:05:00.118441',0,0,NULL,'',NULL,'');
INSERT INTO "batch" VALUES(4,'661416dd5dcd4799b139b6f5fd29b07e',2,'scripted','2026-11-13 09:00:00.049027',4,0,'pending','a75404abf90a74f14557ec3a05e2c07f','',NULL,0,0,NULL,'',NULL,'');
CREATE TABLE campaign (
	id VARCHAR(32) NOT NULL, 
	issue TEXT NOT NULL, 
	newsletter TEXT NOT NULL, 
	provider VARCHAR(80) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	hash VARCHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	settings TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	approved_by TEXT NOT NULL, 
	approved_at DATETIME, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "campaign" VALUES('661416dd5dcd4799b139b6f5fd29b07e','2026-11','River Cities','scripted','running','201e4de2e9b16f5c2d30acbf9030ea20','2026-11-13 09:00:00.053433','{"reply_to_email":"","reply_to_name":"","sender_email":"news@river-cities.example","sender_name":"River Cities Letter"}','{"campaign":"661416dd5dcd4799b139b6f5fd29b07e","issue":"2026-11","newsletter":"River Cities","hash":"201e4de2e9b16f5c2d30acbf9030ea20","created":"2026-11-13T09:00:00.053433Z","provider":"scripted","waves":[["2026-11-13T09:00:00.049027Z",14]],"languages":{"en":10,"es":4},"kinds":{"chosen":14},"held":{},"skipped":{},"batches":4,"seconds":0.28,"approved_by":"","problems":[]}','Octavi','2026-11-13 09:00:00.079579','');
CREATE TABLE edition (
	id INTEGER NOT NULL, 
	campaign_id VARCHAR(32) NOT NULL, 
	language VARCHAR(35) NOT NULL, 
	direction VARCHAR(3) NOT NULL, 
	subject TEXT NOT NULL, 
	preheader TEXT NOT NULL, 
	html TEXT NOT NULL, 
	text TEXT NOT NULL, 
	nonce TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (campaign_id, language), 
	FOREIGN KEY(campaign_id) REFERENCES campaign (id) ON DELETE CASCADE
);
INSERT INTO "edition" VALUES(1,'661416dd5dcd4799b139b6f5fd29b07e','en','ltr','in en','','<p>in en</p>','in en','f00d','hash-en');
INSERT INTO "edition" VALUES(2,'661416dd5dcd4799b139b6f5fd29b07e','es','ltr','in es','','<p>in es</p>','in es','f00d','hash-es');
CREATE TABLE edition_asset (
	edition_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	type TEXT NOT NULL, 
	asset_hash VARCHAR(32) NOT NULL, 
	PRIMARY KEY (edition_id, position), 
	FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE CASCADE, 
	FOREIGN KEY(asset_hash) REFERENCES asset (hash)
);
CREATE TABLE message (
	id INTEGER NOT NULL, 
	campaign_id VARCHAR(32) NOT NULL, 
	batch_id INTEGER NOT NULL, 
	recipient_key TEXT NOT NULL, 
	email TEXT NOT NULL, 
	name TEXT NOT NULL, 
	vars TEXT NOT NULL, 
	idem VARCHAR(32) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	provider_id TEXT NOT NULL, 
	error TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (campaign_id, recipient_key), 
	FOREIGN KEY(campaign_id) REFERENCES campaign (id) ON DELETE CASCADE, 
	FOREIGN KEY(batch_id) REFERENCES batch (id) ON DELETE CASCADE
);
INSERT INTO "message" VALUES(1,'661416dd5dcd4799b139b6f5fd29b07e',1,'reader0@city.example','reader0@city.example','Reader 0','{"recipient.email":"reader0@city.example","recipient.name":"Reader 0","recipient.organisation":"City"}','bae78ba914c5699a4d483a9dd1760922','sent','id-bae78ba914c5699a4d483a9dd1760922','');
INSERT INTO "message" VALUES(2,'661416dd5dcd4799b139b6f5fd29b07e',1,'reader1@city.example','reader1@city.example','Reader 1','{"recipient.email":"reader1@city.example","recipient.name":"Reader 1","recipient.organisation":"City"}','440dc52088ec235d449917f6b3095a3b','failed','','no such mailbox');
INSERT INTO "message" VALUES(3,'661416dd5dcd4799b139b6f5fd29b07e',1,'reader2@city.example','reader2@city.example','Reader 2','{"recipient.email":"reader2@city.example","recipient.name":"Reader 2","recipient.organisation":"City"}','32f035117f01924ec1d52a392de8632a','sent','id-32f035117f01924ec1d52a392de8632a','');
INSERT INTO "message" VALUES(4,'661416dd5dcd4799b139b6f5fd29b07e',1,'reader3@city.example','reader3@city.example','Reader 3','{"recipient.email":"reader3@city.example","recipient.name":"Reader 3","recipient.organisation":"City"}','3d6c0574795595a4c209fa61c7cc7bed','sent','id-3d6c0574795595a4c209fa61c7cc7bed','');
INSERT INTO "message" VALUES(5,'661416dd5dcd4799b139b6f5fd29b07e',2,'reader4@city.example','reader4@city.example','Reader 4','{"recipient.email":"reader4@city.example","recipient.name":"Reader 4","recipient.organisation":"City"}','9b6311de33fd12be863844a1838bf3ef','pending','','');
INSERT INTO "message" VALUES(6,'661416dd5dcd4799b139b6f5fd29b07e',2,'reader5@city.example','reader5@city.example','Reader 5','{"recipient.email":"reader5@city.example","recipient.name":"Reader 5","recipient.organisation":"City"}','600568ccc732edb532336bffdc133691','pending','','');
INSERT INTO "message" VALUES(7,'661416dd5dcd4799b139b6f5fd29b07e',2,'reader6@city.example','reader6@city.example','Reader 6','{"recipient.email":"reader6@city.example","recipient.name":"Reader 6","recipient.organisation":"City"}','9a2292a5844d061850e22de29a3471f0','pending','','');
INSERT INTO "message" VALUES(8,'661416dd5dcd4799b139b6f5fd29b07e',2,'reader7@city.example','reader7@city.example','Reader 7','{"recipient.email":"reader7@city.example","recipient.name":"Reader 7","recipient.organisation":"City"}','9c3f55cd939c45bd9ae63134bf171d32','pending','','');
INSERT INTO "message" VALUES(9,'661416dd5dcd4799b139b6f5fd29b07e',3,'reader8@city.example','reader8@city.example','Reader 8','{"recipient.email":"reader8@city.example","recipient.name":"Reader 8","recipient.organisation":"City"}','4da42da6b1624dd125677f90dc6699df','pending','','');
INSERT INTO "message" VALUES(10,'661416dd5dcd4799b139b6f5fd29b07e',3,'reader9@city.example','reader9@city.example','Reader 9','{"recipient.email":"reader9@city.example","recipient.name":"Reader 9","recipient.organisation":"City"}','4e769f86787249db106e92dca62d43c0','pending','','');
INSERT INTO "message" VALUES(11,'661416dd5dcd4799b139b6f5fd29b07e',4,'reader-es0@city.example','reader-es0@city.example','Reader -es0','{"recipient.email":"reader-es0@city.example","recipient.name":"Reader -es0","recipient.organisation":"City"}','4c090cd50b59d9a4ce7b29019e3b9f9a','pending','','');
INSERT INTO "message" VALUES(12,'661416dd5dcd4799b139b6f5fd29b07e',4,'reader-es1@city.example','reader-es1@city.example','Reader -es1','{"recipient.email":"reader-es1@city.example","recipient.name":"Reader -es1","recipient.organisation":"City"}','4363dacd10670b3f50f099c450656961','pending','','');
INSERT INTO "message" VALUES(13,'661416dd5dcd4799b139b6f5fd29b07e',4,'reader-es2@city.example','reader-es2@city.example','Reader -es2','{"recipient.email":"reader-es2@city.example","recipient.name":"Reader -es2","recipient.organisation":"City"}','d3b8c72fdb64361cd8c1a7ca559eb2d3','pending','','');
INSERT INTO "message" VALUES(14,'661416dd5dcd4799b139b6f5fd29b07e',4,'reader-es3@city.example','reader-es3@city.example','Reader -es3','{"recipient.email":"reader-es3@city.example","recipient.name":"Reader -es3","recipient.organisation":"City"}','0e727775f5d2b33f66efea4ff619e8f4','pending','','');
CREATE TABLE meta (
	"key" VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','1');
CREATE INDEX campaign_issue ON campaign (issue, state);
CREATE INDEX batch_campaign ON batch (campaign_id, state);
CREATE INDEX batch_due ON batch (state, due_at, id);
CREATE INDEX batch_edition ON batch (edition_id);
CREATE INDEX message_batch ON message (batch_id, id);
CREATE INDEX message_recipient ON message (recipient_key);
CREATE INDEX message_idem ON message (idem);
CREATE INDEX attempt_batch ON attempt (batch_id);
CREATE INDEX attempt_token ON attempt (token);
COMMIT;
