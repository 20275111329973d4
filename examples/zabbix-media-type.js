// The script of a Zabbix media type that sends problems, updates and recoveries to srvmaint. Zabbix 5.0 and later.
//
// Alerts > Media types (before 6.4: Administration > Media types) > Create media type: Name `srvmaint`, Type `Webhook`,
// this file as Script, Timeout 10s, and these parameters. Add the message templates Problem, Problem recovery and
// Problem update, give the media type to a user (anything as Send to), and let a trigger action send to that user by it,
// recovery and update operations included.
//
//   url                   https://srvmaint.example.com/alerts/webhook/zabbix/
//   token                 the token of [alerts.zabbix] in srvmaint.toml (a user macro of type secret, {$SRVMAINT.TOKEN})
//   http_proxy            (optional) a proxy such as http://proxy:3128
//   alert_message         {ALERT.MESSAGE}
//   alert_subject         {ALERT.SUBJECT}
//   event_ack_status      {EVENT.ACK.STATUS}
//   event_date            {EVENT.DATE}
//   event_id              {EVENT.ID}
//   event_name            {EVENT.NAME}
//   event_nseverity       {EVENT.NSEVERITY}
//   event_opdata          {EVENT.OPDATA}
//   event_recovery_date   {EVENT.RECOVERY.DATE}
//   event_recovery_time   {EVENT.RECOVERY.TIME}
//   event_severity        {EVENT.SEVERITY}
//   event_source          {EVENT.SOURCE}
//   event_tags            {EVENT.TAGSJSON}
//   event_time            {EVENT.TIME}
//   event_update_action   {EVENT.UPDATE.ACTION}
//   event_update_message  {EVENT.UPDATE.MESSAGE}
//   event_update_status   {EVENT.UPDATE.STATUS}
//   event_update_user     {USER.FULLNAME}
//   event_value           {EVENT.VALUE}
//   host_groups           {TRIGGER.HOSTGROUP.NAME}
//   host_ip               {HOST.IP}
//   host_name             {HOST.NAME}
//   item_key              {ITEM.KEY1}
//   item_name             {ITEM.NAME1}
//   item_value            {ITEM.VALUE1}
//   trigger_description   {TRIGGER.DESCRIPTION}
//   trigger_id            {TRIGGER.ID}
//   trigger_url           {TRIGGER.URL}
//   zabbix_url            {$ZABBIX.URL}
//
// Zabbix 7.0 and later also know {EVENT.TIMESTAMP} and {EVENT.RECOVERY.TIMESTAMP}: with them as `event_timestamp` and
// `event_recovery_timestamp` the times are right whatever the time zones. Without them this script takes the dates to be
// in the time zone of the Zabbix server; where the user has another one, set `timezone` of [alerts.zabbix] and delete the
// two lines with `instant` below.

var MACRO = /^(\{[$#]?[A-Z][A-Z0-9_.]*(:[^{}]*)?\}|\*UNKNOWN\*)$/;

/** What a parameter says; '' when its macro was not replaced. */
function said(params, name) {
    var text = (typeof params[name] === 'undefined' || params[name] === null) ? '' : String(params[name]).trim();

    return MACRO.test(text) ? '' : text;
}

/** `2026.03.02` and `10:02:17` as an instant with its zone; '' when there is none. */
function instant(date, time) {
    var day = date.match(/^(\d{4})[.-](\d{2})[.-](\d{2})$/),
        clock = time.match(/^(\d{2}):(\d{2}):(\d{2})$/);

    return (day === null || clock === null)
        ? ''
        : new Date(+day[1], day[2] - 1, +day[3], +clock[1], +clock[2], +clock[3]).toISOString();
}

try {
    var params = JSON.parse(value),
        url = said(params, 'url'),
        token = said(params, 'token'),
        proxy = said(params, 'http_proxy'),
        request = new HttpRequest(),
        body = {},
        answer,
        code;

    if (!/^https?:\/\//.test(url)) {
        throw 'the parameter `url` has to begin with http:// or https://.';
    }
    if (token === '') {
        throw 'the parameter `token` is empty: put the token of [alerts.zabbix] there.';
    }

    // only what is named like something Zabbix says leaves: no token, no proxy, no parameter of another kind
    Object.keys(params).forEach(function (name) {
        if (/^(alert_(message|subject)|(event|host|item|trigger)_[a-z_]+|zabbix_url)$/.test(name)) {
            body[name] = said(params, name);
        }
    });
    body.event_timestamp = body.event_timestamp || instant(said(params, 'event_date'), said(params, 'event_time'));
    body.event_recovery_timestamp = body.event_recovery_timestamp
        || instant(said(params, 'event_recovery_date'), said(params, 'event_recovery_time'));

    if (proxy !== '') {
        request.setProxy(proxy);
    }
    request.addHeader('Content-Type: application/json');
    request.addHeader('Authorization: Bearer ' + token);

    answer = request.post(url, JSON.stringify(body));
    code = request.getStatus();
    Zabbix.log(4, '[ srvmaint ] HTTP ' + code + ': ' + answer);

    // whatever is not taken has to fail: Zabbix then tries again (attempts and interval are the media type's)
    if (code < 200 || code > 299) {
        throw 'HTTP ' + code + ': ' + String(answer).substring(0, 500);
    }

    return 'OK';
}
catch (error) {
    Zabbix.log(3, '[ srvmaint ] event ' + (params || {}).event_id + ' was not sent: ' + error);
    throw 'srvmaint: ' + error;
}
