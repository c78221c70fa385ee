export namespace app {
	
	export class Account {
	    did: string;
	    handle: string;
	    server: string;
	    status: string;
	    reason: string;
	    reasonCode: string;
	    reasonSubject: string;
	    scopes: string[];
	    signedIn: string;
	    renewed: string;
	    sessionEnds: string;
	    endsSoon: boolean;
	    inMemory: boolean;
	    offline: boolean;
	    name: string;
	    avatar: string;
	
	    static createFrom(source: any = {}) {
	        return new Account(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.did = source["did"];
	        this.handle = source["handle"];
	        this.server = source["server"];
	        this.status = source["status"];
	        this.reason = source["reason"];
	        this.reasonCode = source["reasonCode"];
	        this.reasonSubject = source["reasonSubject"];
	        this.scopes = source["scopes"];
	        this.signedIn = source["signedIn"];
	        this.renewed = source["renewed"];
	        this.sessionEnds = source["sessionEnds"];
	        this.endsSoon = source["endsSoon"];
	        this.inMemory = source["inMemory"];
	        this.offline = source["offline"];
	        this.name = source["name"];
	        this.avatar = source["avatar"];
	    }
	}
	export class BrowserApp {
	    id: string;
	    name: string;
	
	    static createFrom(source: any = {}) {
	        return new BrowserApp(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	    }
	}
	export class EmailProviders {
	    chosen: string;
	    known: string[];
	
	    static createFrom(source: any = {}) {
	        return new EmailProviders(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.chosen = source["chosen"];
	        this.known = source["known"];
	    }
	}
	export class Failure {
	    code: string;
	    message: string;
	    subject: string;
	    retryable: boolean;
	
	    static createFrom(source: any = {}) {
	        return new Failure(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.code = source["code"];
	        this.message = source["message"];
	        this.subject = source["subject"];
	        this.retryable = source["retryable"];
	    }
	}
	export class Finding {
	    name: string;
	    title: string;
	    value: string;
	    trouble?: Failure;
	
	    static createFrom(source: any = {}) {
	        return new Finding(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.title = source["title"];
	        this.value = source["value"];
	        this.trouble = this.convertValues(source["trouble"], Failure);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Notice {
	    code: string;
	    message: string;
	    subject: string;
	
	    static createFrom(source: any = {}) {
	        return new Notice(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.code = source["code"];
	        this.message = source["message"];
	        this.subject = source["subject"];
	    }
	}
	export class Preview {
	    kind: string;
	    did: string;
	    handle: string;
	    server: string;
	    name: string;
	    avatar: string;
	    ready: boolean;
	    warnings: Notice[];
	
	    static createFrom(source: any = {}) {
	        return new Preview(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.kind = source["kind"];
	        this.did = source["did"];
	        this.handle = source["handle"];
	        this.server = source["server"];
	        this.name = source["name"];
	        this.avatar = source["avatar"];
	        this.ready = source["ready"];
	        this.warnings = this.convertValues(source["warnings"], Notice);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Product {
	    name: string;
	    version: string;
	    scopes: string[];
	
	    static createFrom(source: any = {}) {
	        return new Product(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.version = source["version"];
	        this.scopes = source["scopes"];
	    }
	}
	export class Settings {
	    theme: string;
	    scopes: string[];
	    suggestionHost: string;
	    suggestionsOffered: string;
	
	    static createFrom(source: any = {}) {
	        return new Settings(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.theme = source["theme"];
	        this.scopes = source["scopes"];
	        this.suggestionHost = source["suggestionHost"];
	        this.suggestionsOffered = source["suggestionsOffered"];
	    }
	}
	export class SignIn {
	    id: string;
	    phase: string;
	    did: string;
	    handle: string;
	    server: string;
	    url: string;
	    browserOpened: boolean;
	    remote: boolean;
	    codeByEmail: boolean;
	    otherEmail: boolean;
	    deadline: string;
	    error?: Failure;
	
	    static createFrom(source: any = {}) {
	        return new SignIn(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.phase = source["phase"];
	        this.did = source["did"];
	        this.handle = source["handle"];
	        this.server = source["server"];
	        this.url = source["url"];
	        this.browserOpened = source["browserOpened"];
	        this.remote = source["remote"];
	        this.codeByEmail = source["codeByEmail"];
	        this.otherEmail = source["otherEmail"];
	        this.deadline = source["deadline"];
	        this.error = this.convertValues(source["error"], Failure);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Suggestion {
	    did: string;
	    handle: string;
	    name: string;
	    avatar: string;
	
	    static createFrom(source: any = {}) {
	        return new Suggestion(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.did = source["did"];
	        this.handle = source["handle"];
	        this.name = source["name"];
	        this.avatar = source["avatar"];
	    }
	}
	export class UsedAccount {
	    did: string;
	    handle: string;
	    server: string;
	
	    static createFrom(source: any = {}) {
	        return new UsedAccount(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.did = source["did"];
	        this.handle = source["handle"];
	        this.server = source["server"];
	    }
	}

}

