-- Decides, as a behaviour does, where a call goes; in-dialog requests follow their route.
function route_request()
  if KSR.maxfwd.process_maxfwd(10) < 0 then
    KSR.sl.sl_send_reply(483, "Too Many Hops")
    return
  end
  if KSR.siputils.has_totag() > 0 then
    if KSR.rr.loose_route() > 0 or KSR.pv.get("$rm") == "ACK" then
      KSR.tm.t_relay()
    else
      KSR.sl.sl_send_reply(404, "Not Here")
    end
    return
  end
  if KSR.pv.get("$rm") ~= "INVITE" then
    KSR.sl.sl_send_reply(405, "Method Not Allowed")
    return
  end
  KSR.rr.record_route()
  local number = KSR.pv.get("$rU")
  if string.match(number, "^%+33123451%d%d%d$") then
    KSR.pv.sets("$du", "sip:127.0.0.1:KAMAILIO_CALLEE")
    KSR.tm.t_relay()
  else
    KSR.sl.sl_send_reply(404, "Not Found")
  end
end
