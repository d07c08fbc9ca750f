-- hp-stats' database as schema 1 had it: what the migration to schema 2 is tried on.
PRAGMA application_id=1213223764;
PRAGMA user_version=1;
BEGIN TRANSACTION;
CREATE TABLE gauge(
  source TEXT NOT NULL, field TEXT NOT NULL, json TEXT NOT NULL, ts_ms INTEGER NOT NULL, PRIMARY KEY(source, field)
) STRICT, WITHOUT ROWID;
INSERT INTO "gauge" VALUES('hp-pool','channels','3',1760001520000);
INSERT INTO "gauge" VALUES('hp-pool','connections','2',1760001520000);
INSERT INTO "gauge" VALUES('hp-pool','mint_connected','true',1760001520000);
INSERT INTO "gauge" VALUES('hp-pool','outbox_pending','0',1760001520000);
CREATE TABLE intake(
  records INTEGER NOT NULL, unknown INTEGER NOT NULL, damaged INTEGER NOT NULL, first_ms INTEGER, last_ms INTEGER
) STRICT;
INSERT INTO "intake" VALUES(82,0,0,1760000040000,1760001520000);
CREATE TABLE latency_minute(
  minute INTEGER NOT NULL, name TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(minute, name, bucket)
) STRICT, WITHOUT ROWID;
INSERT INTO "latency_minute" VALUES(29333334,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333334,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333335,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333335,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333336,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333337,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333337,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333338,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333338,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333339,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333340,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333340,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333341,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333342,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333342,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333343,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333343,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333344,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333345,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333345,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333346,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333346,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333347,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333348,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333348,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333349,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333350,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333350,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333351,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333351,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333352,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333353,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333353,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333354,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333354,'share_to_quote_ms',13,1);
INSERT INTO "latency_minute" VALUES(29333355,'share_to_quote_ms',9,1);
INSERT INTO "latency_minute" VALUES(29333356,'share_to_quote_ms',10,1);
INSERT INTO "latency_minute" VALUES(29333356,'share_to_quote_ms',11,1);
INSERT INTO "latency_minute" VALUES(29333357,'share_to_quote_ms',12,1);
INSERT INTO "latency_minute" VALUES(29333358,'share_to_quote_ms',13,1);
CREATE TABLE latency_total(
  name TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(name, bucket)
) STRICT, WITHOUT ROWID;
INSERT INTO "latency_total" VALUES('share_to_quote_ms',9,8);
INSERT INTO "latency_total" VALUES('share_to_quote_ms',10,8);
INSERT INTO "latency_total" VALUES('share_to_quote_ms',11,8);
INSERT INTO "latency_total" VALUES('share_to_quote_ms',12,8);
INSERT INTO "latency_total" VALUES('share_to_quote_ms',13,8);
CREATE TABLE minute(
  minute INTEGER NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL,
  count INTEGER NOT NULL, amount INTEGER NOT NULL, work_hashes REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(minute, name, label)
) STRICT, WITHOUT ROWID;
INSERT INTO "minute" VALUES(29333334,'quote_created','false',2,32,0.0,1760000077009);
INSERT INTO "minute" VALUES(29333334,'share_accepted','rig0',1,16,68719476736.0,1760000040000);
INSERT INTO "minute" VALUES(29333334,'share_accepted','rig1',1,16,68719476736.0,1760000077000);
INSERT INTO "minute" VALUES(29333334,'share_rejected','stale-share',1,0,0.0,1760000040005);
INSERT INTO "minute" VALUES(29333335,'quote_created','false',2,32,0.0,1760000151009);
INSERT INTO "minute" VALUES(29333335,'share_accepted','rig0',1,16,68719476736.0,1760000151000);
INSERT INTO "minute" VALUES(29333335,'share_accepted','rig2',1,16,68719476736.0,1760000114000);
INSERT INTO "minute" VALUES(29333336,'quote_created','false',1,16,0.0,1760000188009);
INSERT INTO "minute" VALUES(29333336,'share_accepted','rig1',1,16,68719476736.0,1760000188000);
INSERT INTO "minute" VALUES(29333337,'quote_created','false',2,32,0.0,1760000262009);
INSERT INTO "minute" VALUES(29333337,'share_accepted','rig0',1,16,68719476736.0,1760000262000);
INSERT INTO "minute" VALUES(29333337,'share_accepted','rig2',1,16,68719476736.0,1760000225000);
INSERT INTO "minute" VALUES(29333338,'quote_created','false',2,32,0.0,1760000336009);
INSERT INTO "minute" VALUES(29333338,'share_accepted','rig1',1,16,68719476736.0,1760000299000);
INSERT INTO "minute" VALUES(29333338,'share_accepted','rig2',1,16,68719476736.0,1760000336000);
INSERT INTO "minute" VALUES(29333339,'quote_created','false',1,16,0.0,1760000373009);
INSERT INTO "minute" VALUES(29333339,'share_accepted','rig0',1,16,68719476736.0,1760000373000);
INSERT INTO "minute" VALUES(29333340,'quote_created','false',2,32,0.0,1760000447009);
INSERT INTO "minute" VALUES(29333340,'share_accepted','rig1',1,16,68719476736.0,1760000410000);
INSERT INTO "minute" VALUES(29333340,'share_accepted','rig2',1,16,68719476736.0,1760000447000);
INSERT INTO "minute" VALUES(29333341,'quote_created','false',1,16,0.0,1760000484009);
INSERT INTO "minute" VALUES(29333341,'share_accepted','rig0',1,16,68719476736.0,1760000484000);
INSERT INTO "minute" VALUES(29333342,'quote_created','false',2,32,0.0,1760000558009);
INSERT INTO "minute" VALUES(29333342,'share_accepted','rig1',1,16,68719476736.0,1760000521000);
INSERT INTO "minute" VALUES(29333342,'share_accepted','rig2',1,16,68719476736.0,1760000558000);
INSERT INTO "minute" VALUES(29333343,'quote_created','false',2,32,0.0,1760000632009);
INSERT INTO "minute" VALUES(29333343,'share_accepted','rig0',1,16,68719476736.0,1760000595000);
INSERT INTO "minute" VALUES(29333343,'share_accepted','rig1',1,16,68719476736.0,1760000632000);
INSERT INTO "minute" VALUES(29333344,'quote_created','false',1,16,0.0,1760000669009);
INSERT INTO "minute" VALUES(29333344,'share_accepted','rig2',1,16,68719476736.0,1760000669000);
INSERT INTO "minute" VALUES(29333345,'quote_created','false',2,32,0.0,1760000743009);
INSERT INTO "minute" VALUES(29333345,'share_accepted','rig0',1,16,68719476736.0,1760000706000);
INSERT INTO "minute" VALUES(29333345,'share_accepted','rig1',1,16,68719476736.0,1760000743000);
INSERT INTO "minute" VALUES(29333346,'quote_created','false',2,32,0.0,1760000817009);
INSERT INTO "minute" VALUES(29333346,'share_accepted','rig0',1,16,68719476736.0,1760000817000);
INSERT INTO "minute" VALUES(29333346,'share_accepted','rig2',1,16,68719476736.0,1760000780000);
INSERT INTO "minute" VALUES(29333347,'quote_created','false',1,16,0.0,1760000854009);
INSERT INTO "minute" VALUES(29333347,'share_accepted','rig1',1,16,68719476736.0,1760000854000);
INSERT INTO "minute" VALUES(29333348,'quote_created','false',2,32,0.0,1760000928009);
INSERT INTO "minute" VALUES(29333348,'share_accepted','rig0',1,16,68719476736.0,1760000928000);
INSERT INTO "minute" VALUES(29333348,'share_accepted','rig2',1,16,68719476736.0,1760000891000);
INSERT INTO "minute" VALUES(29333349,'quote_created','false',1,16,0.0,1760000965009);
INSERT INTO "minute" VALUES(29333349,'share_accepted','rig1',1,16,68719476736.0,1760000965000);
INSERT INTO "minute" VALUES(29333350,'quote_created','false',2,32,0.0,1760001039009);
INSERT INTO "minute" VALUES(29333350,'share_accepted','rig0',1,16,68719476736.0,1760001039000);
INSERT INTO "minute" VALUES(29333350,'share_accepted','rig2',1,16,68719476736.0,1760001002000);
INSERT INTO "minute" VALUES(29333351,'quote_created','false',2,32,0.0,1760001113009);
INSERT INTO "minute" VALUES(29333351,'share_accepted','rig1',1,16,68719476736.0,1760001076000);
INSERT INTO "minute" VALUES(29333351,'share_accepted','rig2',1,16,68719476736.0,1760001113000);
INSERT INTO "minute" VALUES(29333352,'quote_created','false',1,16,0.0,1760001150009);
INSERT INTO "minute" VALUES(29333352,'share_accepted','rig0',1,16,68719476736.0,1760001150000);
INSERT INTO "minute" VALUES(29333353,'quote_created','false',2,32,0.0,1760001224009);
INSERT INTO "minute" VALUES(29333353,'share_accepted','rig1',1,16,68719476736.0,1760001187000);
INSERT INTO "minute" VALUES(29333353,'share_accepted','rig2',1,16,68719476736.0,1760001224000);
INSERT INTO "minute" VALUES(29333354,'quote_created','false',2,32,0.0,1760001298009);
INSERT INTO "minute" VALUES(29333354,'share_accepted','rig0',1,16,68719476736.0,1760001261000);
INSERT INTO "minute" VALUES(29333354,'share_accepted','rig1',1,16,68719476736.0,1760001298000);
INSERT INTO "minute" VALUES(29333355,'quote_created','false',1,16,0.0,1760001335009);
INSERT INTO "minute" VALUES(29333355,'share_accepted','rig2',1,16,68719476736.0,1760001335000);
INSERT INTO "minute" VALUES(29333356,'quote_created','false',2,32,0.0,1760001409009);
INSERT INTO "minute" VALUES(29333356,'share_accepted','rig0',1,16,68719476736.0,1760001372000);
INSERT INTO "minute" VALUES(29333356,'share_accepted','rig1',1,16,68719476736.0,1760001409000);
INSERT INTO "minute" VALUES(29333357,'quote_created','false',1,16,0.0,1760001446009);
INSERT INTO "minute" VALUES(29333357,'share_accepted','rig2',1,16,68719476736.0,1760001446000);
INSERT INTO "minute" VALUES(29333358,'quote_created','false',1,16,0.0,1760001483009);
INSERT INTO "minute" VALUES(29333358,'share_accepted','rig0',1,16,68719476736.0,1760001483000);
CREATE TABLE total(
  name TEXT NOT NULL, label TEXT NOT NULL,
  count INTEGER NOT NULL, amount INTEGER NOT NULL, work_hashes REAL NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY(name, label)
) STRICT, WITHOUT ROWID;
INSERT INTO "total" VALUES('quote_created','false',40,640,0.0,1760001483009);
INSERT INTO "total" VALUES('share_accepted','rig0',14,224,962072674304.0,1760001483000);
INSERT INTO "total" VALUES('share_accepted','rig1',13,208,893353197568.0,1760001409000);
INSERT INTO "total" VALUES('share_accepted','rig2',13,208,893353197568.0,1760001446000);
INSERT INTO "total" VALUES('share_rejected','stale-share',1,0,0.0,1760000040005);
COMMIT;
