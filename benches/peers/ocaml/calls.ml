(* OCaml with externals that neither box nor allocate where they need not. Arguments: library (not used: it is linked),
   rounds, iterations. *)
external nop : unit -> unit = "unused" "nop" [@@noalloc]
external add : (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) = "unused" "add" [@@noalloc]
external add_longs : (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) = "unused" "add_longs" [@@noalloc]
external add_doubles : (float[@unboxed]) -> (float[@unboxed]) -> (float[@unboxed]) = "unused" "add_doubles" [@@noalloc]
external six_doubles :
  (float[@unboxed]) -> (float[@unboxed]) -> (float[@unboxed]) -> (float[@unboxed]) -> (float[@unboxed]) ->
  (float[@unboxed]) -> (float[@unboxed]) = "unused" "six_doubles" [@@noalloc]
external ten_ints :
  (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) ->
  (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) -> (int[@untagged]) ->
  (int[@untagged]) = "unused" "ten_ints" [@@noalloc]
external strlen : string -> (int[@untagged]) = "unused" "strlen" [@@noalloc]

let timed f n =
  let start = Unix.gettimeofday () in
  f n;
  (Unix.gettimeofday () -. start) *. 1e9 /. float n

let cases =
  [ "nop", (fun n -> for _ = 1 to n do nop () done);
    "add", (fun n -> for _ = 1 to n do ignore (add 3 4) done);
    "add_longs", (fun n -> for _ = 1 to n do ignore (add_longs 3 4) done);
    "add_doubles", (fun n -> for _ = 1 to n do ignore (add_doubles 1.5 2.25) done);
    "six_doubles", (fun n -> for _ = 1 to n do ignore (six_doubles 1.5 2.25 3.5 4.5 5.5 6.5) done);
    "ten_ints", (fun n -> for _ = 1 to n do ignore (ten_ints 1 2 3 4 5 6 7 8 9 10) done);
    "strlen", (fun n -> for _ = 1 to n do ignore (strlen "a Smalltalk String") done) ]

let () =
  let rounds = int_of_string Sys.argv.(2) and iterations = int_of_string Sys.argv.(3) in
  for _ = 1 to rounds do
    List.iter (fun (name, f) ->
        let base = timed (fun n -> for i = 1 to n do ignore (Sys.opaque_identity i) done) iterations in
        Printf.printf "%s %.4f %.4f\n" name (timed f iterations) base) cases
  done
